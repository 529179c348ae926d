package io.github.notearchive.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** The pair of keys that the embedded S3 server accepts. */
record StoreCredentials(String accessKey, String secretKey) {

    private static final String ACCESS_KEY = "access-key";
    private static final String SECRET_KEY = "secret-key";

    /** Reads the pair; empty when there is no file yet. */
    static Optional<StoreCredentials> read(Path file) throws IOException {
        Optional<Properties> properties = new PrivateFile(file).readProperties();
        if (properties.isEmpty()) {
            return Optional.empty();
        }
        String accessKey = properties.get().getProperty(ACCESS_KEY, "");
        String secretKey = properties.get().getProperty(SECRET_KEY, "");
        if (accessKey.isBlank() || secretKey.isBlank()) {
            throw new IOException(file + " does not hold both keys; delete it and a new pair is made");
        }
        return Optional.of(new StoreCredentials(accessKey, secretKey));
    }

    /** Reads the pair, or makes one and keeps it. */
    static StoreCredentials readOrMake(Path file) throws IOException {
        Optional<StoreCredentials> known = read(file);
        if (known.isPresent()) {
            return known.get();
        }
        var made = new StoreCredentials(random(10).toUpperCase(Locale.ROOT), random(20));
        new PrivateFile(file).writeProperties(Map.of(ACCESS_KEY, made.accessKey(), SECRET_KEY, made.secretKey()));
        return made;
    }

    private static String random(int bytes) {
        var random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    @Override
    public String toString() {
        return "StoreCredentials[" + accessKey + ", ***]";
    }
}
