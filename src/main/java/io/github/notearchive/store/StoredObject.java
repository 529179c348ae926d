package io.github.notearchive.store;

import org.jspecify.annotations.Nullable;

/**
 * An object in the store.
 *
 * @param key its name within the bucket
 * @param size its length in bytes
 * @param etag what the store calls this content, without quotes; the MD5 for most small objects
 * @param contentType its type as it was put; null in a listing, which does not tell
 * @param sha256 its SHA-256 as it was put, in lower-case hexadecimal; null in a listing and for objects that others put
 */
public record StoredObject(
        ObjectKey key,
        long size,
        String etag,
        @Nullable String contentType,
        @Nullable String sha256) {}
