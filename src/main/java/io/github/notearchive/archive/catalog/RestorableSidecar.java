package io.github.notearchive.archive.catalog;

import io.github.notearchive.archive.catalog.Sidecar.BrokenSidecarException;
import io.github.notearchive.archive.ledger.PaidResponses.PaidCall;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.archive.worklist.WorklistRow.Counters;
import io.github.notearchive.archive.worklist.WorklistRow.Origin;
import io.github.notearchive.archive.worklist.WorklistRow.Refresh;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.ResponseReader;
import io.github.notearchive.store.ObjectKey;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * A sidecar with the rows that a rebuild restores from it and an audit compares with the tables.
 *
 * @param capture the captured response; null if the catalog has no row of it
 * @param author platform's id of the author in the response; null if it has none
 */
public record RestorableSidecar(
        Sidecar sidecar,
        PaidCall call,
        @Nullable NoteCapture capture,
        @Nullable String author,
        WorklistRow row) {

    /**
     * Reads a sidecar.
     *
     * @throws BrokenSidecarException if the object is not the sidecar of this key, or does not describe its rows
     */
    public static RestorableSidecar read(ObjectKey key, byte[] bytes) throws BrokenSidecarException {
        Sidecar sidecar = Sidecar.read(key, bytes);
        try {
            return of(sidecar, Sidecar.JSON.treeToValue(sidecar.worklist(), WorklistRow.class));
        } catch (JacksonException e) {
            throw new BrokenSidecarException("it does not describe a row: " + e.getOriginalMessage());
        } catch (IllegalArgumentException e) {
            throw new BrokenSidecarException(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Reads call and response of a sidecar whose slots or worklist row cannot be used.
     *
     * @throws BrokenSidecarException if these cannot be used either
     */
    public static RestorableSidecar readResponse(ObjectKey key, byte[] bytes) throws BrokenSidecarException {
        Sidecar sidecar = Sidecar.read(key, bytes, true);
        try {
            return of(sidecar, due(sidecar)).responseOnly();
        } catch (JacksonException | IllegalArgumentException e) {
            throw new BrokenSidecarException("it does not describe a call: " + e.getMessage());
        }
    }

    private static RestorableSidecar of(Sidecar sidecar, WorklistRow row) throws BrokenSidecarException {
        NoteCapture capture = ResponseReader.read(sidecar.response(), sidecar.noteId())
                .orElseThrow(() -> new BrokenSidecarException("its response is not of the provider"))
                .note()
                .map(note -> note.capture(sidecar.noteId(), sidecar.callId(), sidecar.capturedAt(), sidecar.response()))
                .orElse(null);
        if (sidecar.media() != null && capture == null) {
            throw new BrokenSidecarException("its response does not contain the note");
        }
        PaidCall.Facts facts = Sidecar.JSON.treeToValue(sidecar.call(), PaidCall.Facts.class);
        return new RestorableSidecar(
                sidecar,
                new PaidCall(sidecar.callId(), sidecar.capturedAt(), facts),
                sidecar.media() == null ? null : capture,
                capture == null ? null : NoteCatalog.authorOf(capture).orElse(null),
                row);
    }

    /** Returns call and response only, with the note due, so that the next run computes the rows from the response. */
    public RestorableSidecar responseOnly() {
        Sidecar response = new Sidecar(
                sidecar.noteId(),
                sidecar.capturedAt(),
                sidecar.callId(),
                sidecar.call(),
                sidecar.worklist(),
                null,
                null,
                null,
                sidecar.response());
        return new RestorableSidecar(response, call, null, author, due(response));
    }

    private static WorklistRow due(Sidecar sidecar) {
        return new WorklistRow(
                NoteState.PENDING,
                true,
                sidecar.capturedAt(),
                null,
                null,
                null,
                null,
                null,
                new Counters(0, 0, 0, 0, null),
                new Refresh(null, null, null, 0),
                new Origin(5, "rebuild", sidecar.capturedAt()));
    }
}
