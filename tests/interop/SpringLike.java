import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.InputStream;
import java.io.Reader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Properties;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Serves HTTPS by Spring Boot's server.ssl properties, read from a file. */
public class SpringLike {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(Path.of(args[0]))) {
            properties.load(in);
        }
        char[] password = properties.getProperty("server.ssl.key-store-password").toCharArray();
        KeyStore store = KeyStore.getInstance(properties.getProperty("server.ssl.key-store-type"));
        try (InputStream in = Files.newInputStream(Path.of(properties.getProperty("server.ssl.key-store")))) {
            store.load(in, password);
        }
        if (!store.isKeyEntry(properties.getProperty("server.ssl.key-alias"))) {
            throw new IllegalStateException("no key under the alias");
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        int port = Integer.parseInt(properties.getProperty("server.port"));
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
    }
}
