package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.SlotState;
import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.archive.stats.NoteStats;
import io.github.notearchive.archive.stats.NoteStats.CallEntry;
import io.github.notearchive.archive.stats.NoteStats.File;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Computes the history of a note from worklist, ledger, files and audits. */
@Component
public record NoteHistories(NoteStats stats, LedgerProperties ledger) {

    private static final Map<Billed, String> BILLING =
            Map.of(Billed.YES, ", billed", Billed.NO, ", not billed", Billed.UNKNOWN, ", billing unknown");

    public History of(WorklistEntry entry) {
        NoteId id = entry.id();
        List<File> files = stats.files(id);
        List<Event> events = new ArrayList<>();
        events.add(new Event(
                entry.enqueuedAt(),
                Kind.QUEUED,
                "enqueued from \"%s\" with priority %d".formatted(entry.source(), entry.priority())));
        Map<String, CallEntry> before = new HashMap<>();
        Map<Long, String> sidecars = stats.sidecarKeys(id);
        for (CallEntry call : stats.calls(id)) {
            events.add(new Event(
                    call.sentAt(), Kind.CALL, describe(call, before.get(call.endpoint()), sidecars.get(call.id()))));
            before.put(call.endpoint(), call);
        }
        files.forEach(file -> events.add(new Event(file.changedAt(), Kind.FILE, describe(file))));
        for (NoteStats.Finding finding : stats.findings(id)) {
            String what = finding.kind() + " " + finding.key();
            events.add(new Event(finding.firstSeen(), Kind.AUDIT, "an audit found " + what + ": " + finding.seen()));
            if (finding.resolvedAt() != null) {
                events.add(new Event(finding.resolvedAt(), Kind.AUDIT, "an audit resolved " + what));
            }
        }
        Instant settledAt = entry.settledAt();
        if (settledAt != null) {
            events.add(new Event(
                    settledAt,
                    Kind.DECIDED,
                    entry.state()
                            + (entry.reason() == null ? "" : " (" + entry.reason() + ")")
                            + (entry.settledBy() == null
                                    ? " by an operator, or by a run before a rebuild"
                                    : " by execution " + entry.settledBy())));
        }
        events.sort(Comparator.comparing(Event::at).thenComparing(Event::kind));
        return new History(List.copyOf(events), files);
    }

    private String describe(CallEntry call, @Nullable CallEntry before, @Nullable String sidecar) {
        boolean isVideo = call.endpoint().equals(Endpoint.VIDEO.ledgerName());
        String subject = "call " + call.id() + (isVideo ? " for the video" : "") + purpose(call, before) + ": ";
        if (call.receivedAt() == null) {
            return subject + "no response; in progress, or interrupted by the end of its process; billing unknown";
        }
        String response = call.code() != null
                ? "code " + call.code()
                : call.httpStatus() != null ? "HTTP " + call.httpStatus() : "no response";
        return subject
                + response
                + BILLING.get(call.billed())
                + after(", by execution ", call.jobExecutionId())
                + after("; stored as ", sidecar)
                + (call.mediaGoneAt() == null
                        ? ""
                        : "; URLs found expired at " + DisplayFormat.second(call.mediaGoneAt()));
    }

    private static String after(String text, @Nullable Object value) {
        return value == null ? "" : text + value;
    }

    /** Returns the purpose of a call other than the first one, derived from the previous call to the same endpoint. */
    private String purpose(CallEntry call, @Nullable CallEntry before) {
        if (call.refresh()) {
            return " as a refresh";
        }
        if (before == null) {
            return "";
        }
        if (before.receivedAt() == null) {
            return ", since call " + before.id() + " has no response";
        }
        if (before.billed() != Billed.YES) {
            return " after "
                    + (before.code() == null ? "an error" : "code " + before.code())
                    + " of call "
                    + before.id();
        }
        Instant gone = before.mediaGoneAt();
        if (gone != null && gone.isBefore(call.sentAt())) {
            return ", bought since URLs of call " + before.id() + " had expired";
        }
        if (before.code() != null && !ProviderCode.SUCCESS.is(before.code())) {
            return ", since the note was not found before (code " + before.code() + ")";
        }
        return Duration.between(before.receivedAt(), call.sentAt()).compareTo(ledger.reuseFor()) > 0
                ? ", bought since the response of call " + before.id() + " was too old"
                : ", since call " + before.id() + " did not return it";
    }

    private static String describe(File file) {
        return "file " + file.kind() + " " + file.ordinal()
                + switch (file.state()) {
                    case STORED ->
                        " stored"
                                + after(", rendition ", file.rendition())
                                + (file.sizeBytes() == null ? "" : ", " + DisplayFormat.size(file.sizeBytes()))
                                + after(", ", file.contentType());
                    case WAIVED -> " waived: " + file.reason();
                    case MISSING -> " missing: " + file.reason();
                }
                + (file.tried().isEmpty() || file.state() != SlotState.STORED ? "" : "; a lesser rendition")
                + (file.isListed() ? "" : "; not in the newest response");
    }

    /** History of one note. */
    public record History(List<Event> events, List<File> files) {}

    /** Kind of an event; a note is decided by a run or an operator. */
    public enum Kind {
        QUEUED,
        CALL,
        FILE,
        DECIDED,
        AUDIT
    }

    /** One event. {@code what} may contain text of the provider. */
    public record Event(Instant at, Kind kind, String what) {}
}
