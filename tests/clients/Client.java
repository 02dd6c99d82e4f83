import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.*;
import javax.net.ssl.*;

/** Connects as HttpsURLConnection does: PKIX, then the host name by its rules. */
public class Client {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line; (line = in.readLine()) != null; ) {
            String[] parts = line.split("\t");
            System.out.println(ask(parts[0], Integer.parseInt(parts[1]), parts[2]));
            System.out.flush();
        }
    }

    static String ask(String host, int port, String trust) {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            int n = 0;
            try (InputStream file = Files.newInputStream(Paths.get(trust))) {
                for (Certificate c : factory.generateCertificates(file)) {
                    store.setCertificateEntry("ca" + n++, c);
                }
            }
            TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
            managers.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            try (Socket plain = new Socket("127.0.0.1", port);
                    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true)) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                socket.setSSLParameters(parameters);
                socket.startHandshake();
            }
            return "OK";
        } catch (Throwable t) {
            StringBuilder text = new StringBuilder();
            for (Throwable e = t; e != null; e = e.getCause()) {
                text.append(e).append(" | ");
            }
            return text.toString().replace('\n', ' ');
        }
    }
}
