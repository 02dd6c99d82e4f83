import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Asks each URL with HttpsURLConnection, trusting one key store; a line an answer. */
public class HttpsClient {
    public static void main(String[] args) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(Path.of(args[0]))) {
            store.load(in, "changeit".toCharArray());
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        for (int i = 1; i < args.length; i++) {
            HttpsURLConnection connection = (HttpsURLConnection) new URL(args[i]).openConnection();
            connection.setSSLSocketFactory(context.getSocketFactory());
            try {
                System.out.println("ACCEPT " + connection.getResponseCode());
            } catch (javax.net.ssl.SSLException e) {
                System.out.println("REFUSE " + e.getMessage());
            }
        }
    }
}
