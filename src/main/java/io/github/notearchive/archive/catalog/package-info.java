/**
 * What is archived, and where it lies: the note as the answer describes it, every capture of it, and the state of each
 * file that the answer promises.
 *
 * <p>Rows follow objects. Whoever writes here has stored the bytes before, so no row ever points at nothing.
 * {@link Sidecar} is the same in one object for each paid answer, from which the rows can be made again.
 *
 * <p>Columns are what {@link NoteMapper} makes of an answer, now or, by {@link StoredResponses}, once more of one that
 * is stored. {@link SchemaDrift} says what no answer had before.
 */
@NullMarked
package io.github.notearchive.archive.catalog;

import org.jspecify.annotations.NullMarked;
