package io.github.notearchive.archive.ledger;

import io.github.notearchive.archive.ledger.ResponseWriter.ReceivedResponse;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Writes spooled responses to the ledger and deletes their files. A damaged file, or one whose note is not in this
 * database, stays in place with a warning. Idempotent.
 */
final class SpoolRecovery {

    private static final Logger log = LoggerFactory.getLogger(SpoolRecovery.class);

    private final JdbcClient jdbc;
    private final ResponseSpool spool;
    private final ResponseWriter writer;

    SpoolRecovery(JdbcClient jdbc, ResponseSpool spool, ResponseWriter writer) {
        this.jdbc = jdbc;
        this.spool = spool;
        this.writer = writer;
    }

    /** See {@link CallRepository#persistSpooled}. */
    List<NoteId> persistAll(Predicate<String> isActive) {
        try {
            List<NoteId> persisted = persist(spool, _ -> true);
            for (ResponseSpool others : spool.ofOtherNodes()) {
                if (!isActive.test(others.node())) {
                    persisted.addAll(persistFromNode(others));
                }
            }
            return persisted;
        } catch (IOException e) {
            throw unlistable(e);
        }
    }

    /** See {@link CallRepository#persistSpooled(NoteId)}. */
    void persist(NoteId note) {
        try {
            persist(spool, file -> ResponseSpool.isAbout(file, note));
        } catch (IOException e) {
            throw unlistable(e);
        }
    }

    private static UncheckedIOException unlistable(IOException e) {
        return new UncheckedIOException(
                "spooled paid responses cannot be listed and would be bought again: " + e
                        + ". Grant this user read access",
                e);
    }

    private List<NoteId> persistFromNode(ResponseSpool others) throws IOException {
        try {
            return persist(others, _ -> true);
        } catch (AccessDeniedException e) {
            log.warn(
                    "Spooled paid responses of node {} are not readable ({}); start --node {} as their owner",
                    others.node(),
                    e.getMessage(),
                    others.node());
            return List.of();
        }
    }

    private List<NoteId> persist(ResponseSpool source, Predicate<Path> wanted) throws IOException {
        List<NoteId> persisted = new ArrayList<>();
        for (Path file : source.spooledFiles()) {
            Optional<NoteId> note = wanted.test(file) ? persist(file) : Optional.empty();
            note.ifPresent(id -> {
                persisted.add(id);
                delete(file);
            });
        }
        return persisted;
    }

    /** The response is in the ledger. If the deletion fails, the next run persists it again, which changes nothing. */
    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            log.warn("{} is in the ledger and could not be deleted ({}); delete it manually", file, e.toString());
        }
    }

    /** Writes the response of a file to the ledger; empty if it stays in the file. */
    private Optional<NoteId> persist(Path file) throws AccessDeniedException {
        ReceivedResponse response;
        try {
            response = ResponseSpool.read(file);
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException e) {
            log.warn("{} could not be written to the ledger ({}); the file is kept, check it", file, e.getMessage());
            return Optional.empty();
        }
        NoteId id = response.call().id();
        if (isIn("forgotten_note", id)) {
            writer.write(response.withoutContent());
            log.warn("Note {}: erased; only the cost of its response in {} was recorded", id, file);
            return Optional.of(id);
        }
        if (!isIn("worklist", id)) {
            log.warn("Note {}: not in this worklist; its paid response in {} is kept", id, file);
            return Optional.empty();
        }
        try {
            writer.write(response);
            return Optional.of(id);
        } catch (DataIntegrityViolationException e) {
            log.warn(
                    "Note {}: the database rejects its paid response ({}); {} is kept, check it",
                    id,
                    DatabaseErrors.summary(e),
                    file);
            return Optional.empty();
        }
    }

    private boolean isIn(String table, NoteId id) {
        return jdbc.sql("SELECT EXISTS (SELECT 1 FROM %s WHERE note_id = :noteId)".formatted(table))
                .param("noteId", id.value())
                .query(Boolean.class)
                .single();
    }
}
