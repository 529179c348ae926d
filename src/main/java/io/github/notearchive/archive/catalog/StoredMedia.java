package io.github.notearchive.archive.catalog;

import io.github.notearchive.io.jdbc.PostgresText;
import io.github.notearchive.store.ObjectKey;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A stored file: the lower-case hexadecimal SHA-256, number and detected type of its bytes.
 *
 * @param words searched text of a subtitle; null for all other files
 */
public record StoredMedia(
        String sha256,
        ObjectKey key,
        long size,
        String contentType,
        @Nullable String words) {

    public StoredMedia {
        words = words == null ? null : PostgresText.of(SearchText.cut(words));
    }

    public StoredMedia(String sha256, ObjectKey key, long size, String contentType) {
        this(sha256, key, size, contentType, null);
    }

    public StoredMedia with(@Nullable String newWords) {
        return new StoredMedia(sha256, key, size, contentType, newWords);
    }

    /** Returns this file with the searched text of its bytes, those of a subtitle. */
    public StoredMedia withWordsOf(byte[] subtitle) {
        return with(SearchText.ofSubtitle(subtitle));
    }

    public static final String PREFIX = "media/";

    private static final Pattern KEY = Pattern.compile(PREFIX + "([0-9a-f]{2})/(\\1[0-9a-f]{62})\\.[a-z0-9]{1,8}");

    /** Returns the key of a file. It is derived from the content, so equal files are stored once. */
    public static ObjectKey keyOf(String sha256, String extension) {
        return new ObjectKey(PREFIX + sha256.substring(0, 2) + "/" + sha256 + "." + extension);
    }

    /** Returns the SHA-256 in a key; empty if it is not the key of a file. */
    public static Optional<String> digestIn(ObjectKey key) {
        Matcher matcher = KEY.matcher(key.value());
        return matcher.matches() ? Optional.of(matcher.group(2)) : Optional.empty();
    }
}
