package io.github.notearchive.export;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Makes a person's id a pseudonym: the first half of its HMAC-SHA-256 under a key, 32 hexadecimal digits. The same
 * person has the same one wherever the key is the same.
 *
 * <p>Whoever has the key can try ids, of which there are few enough; without it nobody can. That is all it hides: a
 * note's id leads to its author on the platform while it is there, and text and pictures may say who it is.
 */
final class Pseudonyms {

    /** Shorter keys can be guessed. */
    static final int SHORTEST_KEY = 16;

    private static final int KEY_LENGTH = 32;
    private static final int LENGTH = 16;
    private static final String ALGORITHM = "HmacSHA256";

    private final Mac mac;

    private Pseudonyms(byte[] key) {
        try {
            mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java has " + ALGORITHM, e);
        }
    }

    /** Those of the key in a file; of one that is drawn and forgotten when there is none. */
    static Pseudonyms under(@Nullable Path file) throws IOException {
        if (file == null) {
            byte[] drawn = new byte[KEY_LENGTH];
            new SecureRandom().nextBytes(drawn);
            return new Pseudonyms(drawn);
        }
        byte[] key = Files.readAllBytes(file);
        if (key.length < SHORTEST_KEY) {
            throw new ExportException("The key for pseudonyms "
                    + file
                    + " has "
                    + key.length
                    + " bytes, but needs "
                    + SHORTEST_KEY
                    + " at least: head -c 32 /dev/urandom makes one");
        }
        return new Pseudonyms(key);
    }

    String of(String id) {
        byte[] digest = mac.doFinal(id.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(Arrays.copyOf(digest, LENGTH));
    }
}
