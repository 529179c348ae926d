package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.SlotState;
import io.github.notearchive.archive.ledger.CallHistory;
import io.github.notearchive.archive.ledger.CallHistory.CallEntry;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistEntry;
import io.github.notearchive.io.Figures;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.report.NoteHistory.Event;
import io.github.notearchive.report.NoteHistory.File;
import io.github.notearchive.report.NoteHistory.Kind;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Tells what happened to a note, and why, from the worklist, the ledger, the files and the audits. */
@Repository
public class NoteHistories {

    private final JdbcClient jdbc;
    private final CallHistory history;
    private final LedgerProperties ledger;

    NoteHistories(JdbcClient jdbc, CallHistory history, LedgerProperties ledger) {
        this.jdbc = jdbc;
        this.history = history;
        this.ledger = ledger;
    }

    /** The story of a note of the worklist. */
    public NoteHistory tell(WorklistEntry entry) {
        NoteId id = entry.id();
        List<File> files = files(id);
        List<Event> events = new ArrayList<>();
        events.add(new Event(
                entry.enqueuedAt(),
                Kind.QUEUED,
                "queued from \"%s\" with priority %d".formatted(entry.source(), entry.priority())));
        Map<String, CallEntry> before = new HashMap<>();
        Map<Long, String> sidecars = sidecars(id);
        for (CallEntry call : history.of(id)) {
            events.add(new Event(
                    call.sentAt(), Kind.CALL, inWords(call, before.get(call.endpoint()), sidecars.get(call.id()))));
            before.put(call.endpoint(), call);
        }
        files.forEach(file -> events.add(new Event(file.changedAt(), Kind.FILE, inWords(file))));
        events.addAll(findings(id));
        Instant settledAt = entry.settledAt();
        if (settledAt != null) {
            events.add(new Event(
                    settledAt,
                    Kind.DECIDED,
                    (entry.settledBy() == null
                                    ? "decided by an operator, or by a run before the tables were rebuilt: "
                                    : "decided by execution " + entry.settledBy() + ": ")
                            + entry.state()
                            + (entry.reason() == null ? "" : ", " + entry.reason())
                            + (entry.detail() == null ? "" : ": " + entry.detail())));
        }
        events.sort(Comparator.comparing(Event::at).thenComparing(Event::kind));
        return new NoteHistory(List.copyOf(events), files);
    }

    /** Returns what it costs when a run processes a note again that has this reason. */
    public String costOf(StateReason reason) {
        return switch (reason) {
            case URLS_EXPIRED ->
                ledger.buyAgain() ? "by one more call" : "without a call, since archive.ledger.buy-again is false";
            case PROVIDER_ERROR, NOTE_ABSENT, VIDEO_PENDING, RESPONSE_PENDING, CALLS_ENDED, NOT_FOUND ->
                "by one more call";
            case MEDIA_PENDING, STORE_ERROR -> "without a call while its answer is fresh";
            case INTERNAL_ERROR -> "without a call while its answer is fresh, if there is one";
            case MEDIA_INCOMPLETE, REJECTED, RETRIES_EXHAUSTED, WRITE_FAILED -> "only after note-archive requeue";
        };
    }

    private String inWords(CallEntry call, @Nullable CallEntry before, @Nullable String sidecar) {
        StringBuilder words = new StringBuilder("call ").append(call.id());
        words.append(
                call.endpoint().equals(Endpoint.VIDEO.ledgerName()) ? " asked for its video" : " asked for the note");
        words.append(", ").append(why(call, before)).append(": ");
        if (call.receivedAt() == null) {
            return words.append("never answered; in flight when its process ended, or now; may be billed")
                    .toString();
        }
        words.append(
                call.code() != null
                        ? "code " + call.code()
                        : call.httpStatus() != null ? "HTTP " + call.httpStatus() : "no answer");
        if (call.message() != null && !call.message().isBlank()) {
            words.append(" (").append(call.message()).append(')');
        }
        if (call.durationMs() != null) {
            words.append(" after ").append(Figures.count(call.durationMs())).append(" ms");
        }
        words.append(
                switch (call.billed()) {
                    case YES -> ", billed";
                    case NO -> ", not billed";
                    case UNKNOWN -> ", billing unknown";
                });
        if (call.jobExecutionId() != null) {
            words.append(", by execution ").append(call.jobExecutionId());
        }
        if (sidecar != null) {
            words.append("; kept as ").append(sidecar);
        }
        if (call.mediaGoneAt() != null) {
            words.append("; addresses of its files were found dead later");
        }
        return words.toString();
    }

    /** Why a call was made, from what the one before it for the same question brought. */
    private String why(CallEntry call, @Nullable CallEntry before) {
        if (call.refresh()) {
            return "as a refresh";
        }
        if (before == null) {
            return "for the first time";
        }
        if (before.receivedAt() == null) {
            return "again, since the answer to call " + before.id() + " never arrived";
        }
        if (before.billed() != Billed.YES) {
            return "again after "
                    + (before.code() == null ? "a fault" : "code " + before.code())
                    + " of call "
                    + before.id();
        }
        Instant gone = before.mediaGoneAt();
        if (gone != null && gone.isBefore(call.sentAt())) {
            return "again, bought once more since files of the answer to call " + before.id() + " were dead";
        }
        if (before.code() != null && !ProviderCode.SUCCESS.is(before.code())) {
            return "again, since it was not there before (code " + before.code() + ")";
        }
        return Duration.between(before.receivedAt(), call.sentAt()).compareTo(ledger.reuseFor()) > 0
                ? "again, bought once more since the answer to call " + before.id() + " was too old to be used"
                : "again, since call " + before.id() + " did not bring it";
    }

    private static String inWords(File file) {
        StringBuilder words =
                new StringBuilder("file ").append(file.kind()).append(' ').append(file.ordinal());
        switch (file.state()) {
            case STORED -> {
                words.append(" stored");
                if (file.rendition() != null) {
                    words.append(", rendition ").append(file.rendition());
                }
                if (file.sizeBytes() != null) {
                    words.append(", ").append(Figures.size(file.sizeBytes()));
                }
                if (file.contentType() != null) {
                    words.append(", ").append(file.contentType());
                }
            }
            case WAIVED -> words.append(" accepted as empty, ").append(file.reason());
            case MISSING -> words.append(" missing, ").append(file.reason());
        }
        if (!file.tried().isEmpty()) {
            words.append(file.state() == SlotState.STORED ? "; a lesser one, since " : "; what was tried last: ")
                    .append(String.join("; ", file.tried()));
        }
        if (!file.isListed()) {
            words.append("; the newest answer does not list it any more");
        }
        return words.toString();
    }

    private Map<Long, String> sidecars(NoteId id) {
        Map<Long, String> keys = new HashMap<>();
        jdbc.sql("""
                        SELECT call_id, sidecar_key FROM note_capture WHERE note_id = :noteId AND sidecar_key IS NOT NULL
                        """).param("noteId", id.value()).query(row -> {
            keys.put(row.getLong("call_id"), row.getString("sidecar_key"));
        });
        return keys;
    }

    private List<File> files(NoteId id) {
        return jdbc.sql("""
                        SELECT m.kind, m.ordinal, m.state, m.reason, m.rendition, m.checks, m.error, m.updated_at,
                               o.size_bytes, o.content_type, o.object_key,
                               m.captured_at >= n.last_captured_at
                               OR (m.kind IN ('VIDEO', 'SUBTITLE')
                                   AND m.captured_at >= (SELECT max(c.captured_at)
                                                         FROM note_capture c JOIN api_call a ON a.id = c.call_id
                                                         WHERE c.note_id = m.note_id AND a.endpoint = :video)) AS listed
                        FROM note_media m
                        JOIN note n USING (note_id)
                        LEFT JOIN media_object o USING (sha256)
                        WHERE m.note_id = :noteId
                        ORDER BY array_position(ARRAY['IMAGE', 'MOTION', 'VIDEO', 'SUBTITLE', 'AUDIO'], m.kind), m.ordinal
                        """)
                .param("noteId", id.value())
                .param("video", Endpoint.VIDEO.ledgerName())
                .query((row, _) -> file(row))
                .list();
    }

    private static File file(ResultSet row) throws SQLException {
        String error = row.getString("error");
        return new File(
                row.getString("kind"),
                row.getInt("ordinal"),
                SlotState.valueOf(row.getString("state")),
                row.getString("reason"),
                row.getString("rendition"),
                row.getObject("size_bytes", Long.class),
                row.getString("content_type"),
                row.getString("object_key"),
                row.getString("checks"),
                error == null ? List.of() : List.of(error.split("; ")),
                row.getTimestamp("updated_at").toInstant(),
                row.getBoolean("listed"));
    }

    private List<Event> findings(NoteId id) {
        List<Event> events = new ArrayList<>();
        jdbc.sql("""
                        SELECT f.kind, f.object_key, f.seen, f.first_seen, f.resolved_at
                        FROM fixity_finding f
                        WHERE f.note_id = :noteId
                           OR f.object_key IN (SELECT o.object_key FROM note_media m JOIN media_object o USING (sha256)
                                               WHERE m.note_id = :noteId)
                        ORDER BY f.id
                        """).param("noteId", id.value()).query(row -> {
            String what = row.getString("kind") + " " + row.getString("object_key");
            events.add(new Event(
                    row.getTimestamp("first_seen").toInstant(),
                    Kind.AUDIT,
                    "an audit found " + what + ": " + row.getString("seen")));
            Timestamp resolved = row.getTimestamp("resolved_at");
            if (resolved != null) {
                events.add(
                        new Event(resolved.toInstant(), Kind.AUDIT, "an audit found nothing wrong any more: " + what));
            }
        });
        return events;
    }
}
