package io.github.notearchive.store;

import java.time.Instant;

/**
 * Object in the bucket, possibly a foreign one.
 *
 * @param name name of the object; not necessarily an {@link ObjectKey}
 * @param size length in bytes
 * @param modified time of the last upload by the store's clock, in seconds
 */
public record StoredObject(String name, long size, Instant modified) {

    public ObjectKey key() {
        return new ObjectKey(name);
    }
}
