import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Validates each ROOT=FULLCHAIN pair by PKIX; a line an answer. */
public class Verify {
    public static void main(String[] args) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            try (InputStream root = Files.newInputStream(Path.of(pair[0]));
                    InputStream chain = Files.newInputStream(Path.of(pair[1]))) {
                X509Certificate anchor = (X509Certificate) factory.generateCertificate(root);
                List<X509Certificate> path = new ArrayList<>();
                for (java.security.cert.Certificate c : factory.generateCertificates(chain)) {
                    path.add((X509Certificate) c);
                }
                PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
                parameters.setRevocationEnabled(false);
                CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(path), parameters);
                System.out.println("ACCEPT " + pair[1]);
            } catch (Exception e) {
                System.out.println("REFUSE " + pair[1] + " " + e);
            }
        }
    }
}
