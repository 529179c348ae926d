package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.util.Collection;

/** Documents outside of the tables that name notes and are removed with them. */
public interface Mentions {

    /** Counts the documents that name any of these notes. Read-only. */
    long countNaming(Collection<NoteId> notes) throws IOException;

    /**
     * Removes the documents that name any of these notes, and counts them. After a failure, a repeat removes the rest.
     */
    long removeNaming(Collection<NoteId> notes) throws IOException;
}
