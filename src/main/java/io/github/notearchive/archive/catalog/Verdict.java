package io.github.notearchive.archive.catalog;

import io.github.notearchive.store.StoreException;

/** What came of looking at one object. */
public sealed interface Verdict {

    Expected expected();

    /**
     * The store holds what it should.
     *
     * @param bytes how many were read
     */
    record Intact(Expected expected, long bytes) implements Verdict {}

    /**
     * The store holds something else, or nothing.
     *
     * @param bytes how many were read
     */
    record Damaged(Expected expected, Damage damage, long bytes) implements Verdict {}

    /** The store did not give it, which says nothing of the object as long as the store is away. */
    record Unread(Expected expected, StoreException trouble) implements Verdict {}

    /** The audit ended first. */
    record Untouched(Expected expected) implements Verdict {}
}
