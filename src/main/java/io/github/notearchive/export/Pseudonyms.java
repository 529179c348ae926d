package io.github.notearchive.export;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;
import org.jspecify.annotations.Nullable;

/**
 * Pseudonyms of person ids: the first half of the HMAC-SHA-256 under a key, 32 hexadecimal digits. The same id under
 * the same key has the same pseudonym.
 *
 * <p>The holder of the key can find an id by trying all ids, of which there are few; without the key this is not
 * possible. Nothing else is hidden: a note id leads to its author on the platform, and text and images may name people.
 */
final class Pseudonyms {

    /** Minimum length of a key in bytes; shorter keys can be guessed. */
    private static final int SHORTEST_KEY = 16;

    private static final int GENERATED_KEY = 32;
    private static final int LENGTH = 16;

    private final HmacUtils hmac;

    private Pseudonyms(byte[] key) {
        hmac = new HmacUtils(HmacAlgorithms.HMAC_SHA_256, key);
    }

    /** Reads the key from a file, or generates one that is not stored if there is no file. */
    static Pseudonyms withKey(@Nullable Path file) throws IOException {
        if (file == null) {
            byte[] generated = new byte[GENERATED_KEY];
            new SecureRandom().nextBytes(generated);
            return new Pseudonyms(generated);
        }
        byte[] key = Files.readAllBytes(file);
        if (key.length < SHORTEST_KEY) {
            throw new ExportException(
                    "Pseudonym key %s has %d bytes, but needs %d at least. Generate one with: head -c 32 /dev/urandom"
                            .formatted(file, key.length, SHORTEST_KEY));
        }
        return new Pseudonyms(key);
    }

    String of(String id) {
        return HexFormat.of().formatHex(hmac.hmac(id.getBytes(StandardCharsets.UTF_8)), 0, LENGTH);
    }
}
