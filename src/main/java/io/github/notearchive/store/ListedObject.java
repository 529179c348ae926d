package io.github.notearchive.store;

import java.time.Instant;

/**
 * Entry of a listing of the bucket, including foreign objects.
 *
 * @param name name of the object; not necessarily an {@link ObjectKey}
 * @param size length in bytes
 * @param modified time of the last upload by the store's clock, in seconds
 */
public record ListedObject(String name, long size, Instant modified) {}
