package io.github.notearchive.embedded;

import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;

/** The pair of keys that the embedded S3 server accepts. */
record StoreCredentials(String accessKey, String secretKey) {

    private static final String ACCESS_KEY = "access-key";
    private static final String SECRET_KEY = "secret-key";

    /** Reads the pair. */
    static StoreCredentials read(PrivateFile file) throws IOException {
        Properties properties = file.readProperties();
        var read = new StoreCredentials(properties.getProperty(ACCESS_KEY, ""), properties.getProperty(SECRET_KEY, ""));
        if (read.accessKey.isBlank() || read.secretKey.isBlank()) {
            throw new IOException(file.path() + " does not hold both keys; delete it and a new pair is made");
        }
        return read;
    }

    /** Reads the pair, or generates one and stores it if there is none. */
    static StoreCredentials readOrGenerate(PrivateFile file) throws IOException {
        if (file.readProperties().isEmpty()) {
            file.writeProperties(Map.of(
                    ACCESS_KEY, PrivateFile.random(10).toUpperCase(Locale.ROOT), SECRET_KEY, PrivateFile.random(20)));
        }
        return read(file);
    }

    @Override
    public String toString() {
        return "StoreCredentials[" + accessKey + ", ***]";
    }
}
