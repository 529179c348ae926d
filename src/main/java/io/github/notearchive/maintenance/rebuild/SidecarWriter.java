package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.RestorableSidecar;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.Savepoint;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildRun;
import io.github.notearchive.maintenance.rebuild.SidecarReader.OpenSidecar;
import io.github.notearchive.maintenance.rebuild.SidecarReader.Refused;
import io.github.notearchive.maintenance.rebuild.SidecarReader.Restorable;
import io.github.notearchive.note.NoteId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Writes the rows of sidecars, those of a note in the order of their captures, so that the newest one determines the
 * final state. A sidecar whose rows are rejected by the database is refused; the others of the chunk are written.
 *
 * <p>A merge writes the sidecars of a note from the first one whose rows are missing or older, and the worklist row
 * only if that of the sidecar is later.
 */
@Component
final class SidecarWriter {

    /** Repeats the rows of a sidecar after another node has used a number of a call at the same time. */
    private static final RetryTemplate NUMBER_CONFLICTS = new RetryTemplate(RetryPolicy.builder()
            .includes(DuplicateKeyException.class)
            .maxRetries(100)
            .delay(Duration.ZERO)
            .build());

    private final NoteCatalog notes;
    private final SidecarRows rows;
    private final SchemaDrift drift;
    private final PlatformTransactionManager transactions;

    SidecarWriter(NoteCatalog notes, SidecarRows rows, SchemaDrift drift, PlatformTransactionManager transactions) {
        this.notes = notes;
        this.rows = rows;
        this.drift = drift;
        this.transactions = transactions;
    }

    /** Reads the field paths that are known, before the first sidecar. */
    void begin() {
        drift.load();
    }

    /** Writes the rows of sidecars, and reads large ones. Part of the caller's transaction. */
    void write(List<OpenSidecar> opened, RebuildRun run) {
        for (OpenSidecar sidecar : opened) {
            switch (sidecar.content().get()) {
                case Refused(var name, var reason) -> run.countRefused(name, reason);
                case Restorable(var content, var flaw) -> write(content, flaw, run);
            }
        }
    }

    /** Sets the numbers of later calls above those of all sidecars. */
    void finish() {
        rows.finish();
    }

    private void write(RestorableSidecar found, @Nullable String flaw, RebuildRun run) {
        List<String> losses = new ArrayList<>();
        NoteId id = found.sidecar().noteId();
        String name = found.sidecar().key().value();
        if (run.isMerge() && !run.hasJustWritten(id) && !notes.areBehind(found.sidecar(), found.row())) {
            run.countUnchanged();
            return;
        }
        try {
            NUMBER_CONFLICTS.invoke(() -> new Savepoint(transactions).execute(_ -> {
                losses.clear();
                rows.restore(found, flaw != null, run.isMerge(), losses);
                return losses;
            }));
            Optional.ofNullable(found.capture()).ifPresent(drift::record);
            if (flaw == null) {
                run.countWritten(id, losses);
            } else {
                run.countRepaired(id, name, flaw);
            }
        } catch (NonTransientDataAccessException e) {
            if (DatabaseErrors.isUnavailable(e)) {
                throw e; // failure of the database, not of the sidecar
            }
            String reason = "the database rejects its rows: " + DatabaseErrors.summary(e);
            if (flaw == null) {
                write(found.responseOnly(), reason, run);
            } else {
                run.countRefused(name, reason);
            }
        }
    }
}
