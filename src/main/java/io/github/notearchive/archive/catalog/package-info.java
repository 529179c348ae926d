/**
 * The catalog: captured notes, their media slots, stored objects, sidecars and audit findings.
 *
 * <p>Objects are stored before their rows, so a row never refers to a missing object. {@link NoteCatalog} and
 * {@link MediaCatalog} write the rows, {@link Sidecars} the JSON objects from which the rows can be rebuilt.
 * {@link NoteMapper} maps a response to columns, {@link StoredResponses} maps stored responses again, and
 * {@link SchemaDrift} records unknown fields. {@link AuditRepository} holds the results of audits,
 * {@link ErasureRepository} removes notes. {@link NoteRowWriter} writes notes in groups.
 *
 * <p>Owns: {@code archive}, {@code note} and its tables, {@code media_object}, {@code fixity_finding},
 * {@code schema_drift}, {@code log_entry}, {@code log_checkpoint} and the tables of erased notes.
 *
 * <p>Uses: {@code archive.ledger}, {@code archive.worklist}, {@code provider}, {@code store}.
 */
@NullMarked
package io.github.notearchive.archive.catalog;

import org.jspecify.annotations.NullMarked;
