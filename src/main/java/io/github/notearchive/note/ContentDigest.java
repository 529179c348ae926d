package io.github.notearchive.note;

import java.util.regex.Pattern;

/**
 * What bytes are, whatever they are called: two digests taken in one pass.
 *
 * @param sha256 SHA-256 in lower-case hexadecimal, 64 digits; the identity of a stored object
 * @param md5 MD5 in lower-case hexadecimal, 32 digits; what S3-compatible stores and the provider
 *     compare with
 */
public record ContentDigest(String sha256, String md5) {

    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern MD5 = Pattern.compile("[0-9a-f]{32}");

    public ContentDigest {
        if (!SHA256.matcher(sha256).matches()) {
            throw new IllegalArgumentException(
                    "Not a SHA-256 in lower-case hexadecimal: \"" + sha256 + "\"");
        }
        if (!MD5.matcher(md5).matches()) {
            throw new IllegalArgumentException(
                    "Not an MD5 in lower-case hexadecimal: \"" + md5 + "\"");
        }
    }
}
