package io.github.notearchive.store;

import org.jspecify.annotations.Nullable;

/**
 * Object in the store with a valid key.
 *
 * @param size length in bytes
 * @param etag the store's version of the content, without quotes; the MD5 for most small objects
 * @param contentType type given at the upload; null in a listing
 * @param sha256 SHA-256 given at the upload, in lower-case hexadecimal; null in a listing and for foreign objects
 */
public record StoredObject(
        ObjectKey key,
        long size,
        String etag,
        @Nullable String contentType,
        @Nullable String sha256) {}
