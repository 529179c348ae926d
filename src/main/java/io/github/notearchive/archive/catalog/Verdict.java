package io.github.notearchive.archive.catalog;

import io.github.notearchive.store.StoreException;

/** Result of verifying one object. */
public sealed interface Verdict {

    Expected expected();

    /** The object is intact; this number of bytes was read. */
    record Intact(Expected expected, long bytes) implements Verdict {}

    /** The object is missing or differs; this number of bytes was read. */
    record Damaged(Expected expected, Damage damage, long bytes) implements Verdict {}

    /** The store returned an error, which does not describe the object during an outage. */
    record Unread(Expected expected, StoreException error) implements Verdict {}

    /** The audit ended before this object was read. */
    record Untouched(Expected expected) implements Verdict {}
}
