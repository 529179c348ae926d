package io.github.notearchive.archive.catalog;

import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.util.Collection;

/** Documents outside of the tables that name notes, and go when those are forgotten. */
public interface Mentions {

    /** How many documents name any of these notes. Changes nothing. */
    long countNaming(Collection<NoteId> notes) throws IOException;

    /**
     * Removes the documents that name any of these notes. A repeat finds what a failure has left.
     *
     * @return how many were removed
     */
    long removeNaming(Collection<NoteId> notes) throws IOException;
}
