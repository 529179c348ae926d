package io.github.notearchive.archive.catalog;

import io.github.notearchive.store.ObjectKey;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file that lies in the store.
 *
 * @param sha256 of its bytes, in lower-case hexadecimal
 * @param key where it lies within the bucket
 * @param size in bytes
 * @param contentType from its first bytes
 */
public record StoredMedia(String sha256, ObjectKey key, long size, String contentType) {

    /** Under what all files lie. */
    public static final String PREFIX = "media/";

    private static final Pattern KEY = Pattern.compile(PREFIX + "([0-9a-f]{2})/(\\1[0-9a-f]{62})\\.[a-z0-9]{1,8}");

    /** Where a file with these bytes lies: its name is its content, so equal files are stored once. */
    public static ObjectKey keyOf(String sha256, String extension) {
        return new ObjectKey(PREFIX + sha256.substring(0, 2) + "/" + sha256 + "." + extension);
    }

    /** The SHA-256 that a key names; empty when no file of ours has such a key. */
    public static Optional<String> digestIn(ObjectKey key) {
        Matcher matcher = KEY.matcher(key.value());
        return matcher.matches() ? Optional.of(matcher.group(2)) : Optional.empty();
    }
}
