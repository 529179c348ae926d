package io.github.notearchive.archive.ledger;

import io.github.notearchive.archive.ledger.ResponseSpool.ReceivedResponse;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Writes the responses in spool files to the ledger. */
final class SpooledResponses {

    private static final Logger log = LoggerFactory.getLogger(SpooledResponses.class);

    private final JdbcClient jdbc;
    private final ResponseSpool spool;
    private final ResponseWriter writer;

    SpooledResponses(JdbcClient jdbc, ResponseSpool spool, ResponseWriter writer) {
        this.jdbc = jdbc;
        this.spool = spool;
        this.writer = writer;
    }

    /**
     * Writes the spooled responses of earlier runs to the ledger: of this node, and of other nodes in sibling
     * directories that are not active. A damaged file, or one whose note is not in this database, stays in place with a
     * warning. Idempotent.
     *
     * @return the notes whose responses were persisted
     * @throws UncheckedIOException if the files cannot be listed: paid responses would be bought again
     */
    List<NoteId> persistAll(Predicate<String> isActive) {
        return persist(node -> node.equals(spool.node()) || !isActive.test(node), _ -> true);
    }

    /** As above, for the responses of this node to one note. */
    void persist(NoteId note) {
        List<NoteId> _ = persist(spool.node()::equals, file -> ResponseSpool.isAbout(file, note));
    }

    /** As above, for the responses of all nodes to erased notes, of which only the cost is recorded. */
    int persistErased(Collection<NoteId> notes) {
        return persist(_ -> true, file -> notes.stream().anyMatch(note -> ResponseSpool.isAbout(file, note)))
                .size();
    }

    private List<NoteId> persist(Predicate<String> ofNodes, Predicate<Path> wanted) {
        List<NoteId> persisted = new ArrayList<>();
        try {
            for (ResponseSpool source : spool.ofAllNodes()) {
                if (ofNodes.test(source.node())) {
                    persist(source, wanted, persisted);
                }
            }
            return persisted;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "spooled paid responses cannot be listed and would be bought again: %s. Grant this user read access"
                            .formatted(e),
                    e);
        }
    }

    private void persist(ResponseSpool source, Predicate<Path> wanted, List<NoteId> persisted) throws IOException {
        try {
            for (Path file : source.spooledFiles()) {
                if (wanted.test(file)) {
                    persist(file).ifPresent(persisted::add);
                }
            }
        } catch (AccessDeniedException e) {
            if (source.node().equals(spool.node())) {
                throw e;
            }
            String line = "Spooled paid responses of node {} are not readable ({}); start --node {} as their owner";
            log.warn(line, source.node(), e.getMessage(), source.node());
        }
    }

    /** Writes the response of a file to the ledger and deletes the file; empty if it stays in the file. */
    private Optional<NoteId> persist(Path file) throws AccessDeniedException {
        try {
            ReceivedResponse response = ResponseSpool.read(file);
            NoteId id = response.noteId();
            if (isIn("forgotten_note", id)) {
                writer.write(response.with(response.reply().withoutMessage(), null));
                log.warn("Note {}: erased; only the cost of its response in {} was recorded", id, file);
            } else if (isIn("worklist", id)) {
                writer.write(response);
            } else {
                log.warn("Note {}: not in this worklist; its paid response in {} is kept", id, file);
                return Optional.empty();
            }
            delete(file);
            return Optional.of(id);
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException e) {
            log.warn("{} could not be written to the ledger ({}); the file is kept, check it", file, e.getMessage());
        } catch (DataIntegrityViolationException e) {
            String reason = DatabaseErrors.summary(e);
            log.warn("The database rejects the paid response in {} ({}); the file is kept, check it", file, reason);
        }
        return Optional.empty();
    }

    /** If it fails, the next run persists the response again, which changes nothing. */
    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            log.warn("{} is in the ledger and could not be deleted ({}); delete it", file, e.toString());
        }
    }

    private boolean isIn(String table, NoteId id) {
        String sql = "SELECT EXISTS (SELECT 1 FROM %s WHERE note_id = :noteId)".formatted(table);
        return Statements.one(jdbc, Boolean.class, Map.of("noteId", id), sql);
    }
}
