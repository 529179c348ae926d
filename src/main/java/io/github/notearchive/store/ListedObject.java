package io.github.notearchive.store;

import java.time.Instant;

/**
 * An object as a listing of the bucket shows it, whoever put it.
 *
 * @param name its name, which need not be an {@link ObjectKey}
 * @param size its length in bytes
 * @param modified when it was last put, by the store's clock, to the second
 */
public record ListedObject(String name, long size, Instant modified) {}
