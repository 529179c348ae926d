package io.github.notearchive.catalog;

import io.github.notearchive.objectstore.ObjectKey;

/**
 * A file that lies in the store.
 *
 * @param sha256 of its bytes, in lower-case hexadecimal
 * @param key where it lies within the bucket
 * @param size in bytes
 * @param contentType from its first bytes
 */
public record StoredMedia(String sha256, ObjectKey key, long size, String contentType) {

    /**
     * Where a file with these bytes lies: its name is its content, so equal files are stored once.
     */
    public static ObjectKey keyOf(String sha256, String extension) {
        return new ObjectKey("media/" + sha256.substring(0, 2) + "/" + sha256 + "." + extension);
    }
}
