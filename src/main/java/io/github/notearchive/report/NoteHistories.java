package io.github.notearchive.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import io.github.notearchive.archive.query.NoteStats;
import io.github.notearchive.archive.query.NoteStats.CallEntry;
import io.github.notearchive.archive.query.NoteView;
import io.github.notearchive.archive.query.NoteView.NoteFile;
import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.note.NoteId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.commons.lang3.tuple.Pair;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Computes the history of a note from worklist, ledger, files and audits. */
@Component
public final class NoteHistories {

    private static final TemplateEngine TEMPLATES = TemplateEngine.createPrecompiled(
            null, ContentType.Plain, NoteHistories.class.getClassLoader(), "io.github.notearchive");

    private final NoteView notes;
    private final NoteStats stats;
    private final LedgerProperties ledger;

    NoteHistories(NoteView notes, NoteStats stats, LedgerProperties ledger) {
        this.notes = notes;
        this.stats = stats;
        this.ledger = ledger;
    }

    public History of(WorklistEntry entry, Texts texts) {
        return of(entry, texts, file -> true);
    }

    /** Returns a history in which the files that were stored as expected after a call are one event. */
    public History brief(WorklistEntry entry, Texts texts) {
        return of(entry, texts, file -> !file.isStored() || !file.tried().isEmpty() || file.reason() != null);
    }

    private History of(WorklistEntry entry, Texts texts, Predicate<NoteFile> isEvent) {
        NoteId id = entry.id();
        List<NoteFile> files = notes.files(id);
        List<HistoryEvent> events = new ArrayList<>();
        events.add(new HistoryEvent(
                entry.enqueuedAt(), EventKind.QUEUED, texts.text("history.queued", entry.source(), entry.priority())));
        Map<String, CallEntry> before = new HashMap<>();
        NavigableSet<Instant> sent = new TreeSet<>(Set.of(Instant.MIN));
        for (CallEntry call : stats.calls(id)) {
            HistoryCall model = new HistoryCall(call, before.get(call.endpoint()), ledger.reuseFor());
            events.add(new HistoryEvent(call.sentAt(), EventKind.CALL, render("call", model, texts)));
            before.put(call.endpoint(), call);
            sent.add(call.sentAt());
        }
        files.stream()
                .filter(isEvent)
                .map(file -> new HistoryEvent(file.changedAt(), EventKind.FILE, render("file", file, texts)))
                .forEach(events::add);
        files.stream()
                .filter(isEvent.negate())
                .collect(Collectors.groupingBy(file -> Pair.of(sent.floor(file.changedAt()), file.isListed())))
                .forEach((key, stored) -> events.add(new HistoryEvent(
                        Collections.max(stored, Comparator.comparing(NoteFile::changedAt))
                                .changedAt(),
                        EventKind.FILE,
                        texts.text("history.files", stored.size())
                                + (key.getRight() ? "" : texts.text("history.notListed")))));
        for (NoteStats.NoteFinding finding : stats.findings(id)) {
            String what = texts.name(finding.kind()) + " " + finding.key();
            events.add(new HistoryEvent(
                    finding.firstSeen(), EventKind.AUDIT, texts.text("history.found", what) + ": " + finding.seen()));
            if (finding.resolvedAt() != null) {
                events.add(
                        new HistoryEvent(finding.resolvedAt(), EventKind.AUDIT, texts.text("history.resolved", what)));
            }
        }
        Instant requeuedAt = stats.requeuedAt(id).orElse(null);
        if (requeuedAt != null) {
            events.add(new HistoryEvent(requeuedAt, EventKind.REQUEUED, texts.text("history.requeued")));
        }
        Instant settledAt = entry.settledAt();
        boolean isSettled = settledAt != null && (requeuedAt == null || settledAt.isAfter(requeuedAt));
        if (settledAt != null) {
            events.add(new HistoryEvent(
                    settledAt,
                    EventKind.DECIDED,
                    (isSettled
                                    ? texts.name(entry.state())
                                            + (entry.reason() == null ? "" : " (" + texts.name(entry.reason()) + ")")
                                    : texts.text("history.settled"))
                            + (entry.settledBy() == null
                                    ? texts.text("history.byOperator")
                                    : texts.text(
                                            "history.byExecution",
                                            entry.settledBy().toString()))));
        }
        events.sort(Comparator.comparing(HistoryEvent::at).thenComparing(HistoryEvent::kind));
        return new History(List.copyOf(events), files, isSettled ? null : requeuedAt);
    }

    /**
     * Model of the template {@code report/call}: a call with its purpose, which follows from the previous call to the
     * same endpoint, and its response.
     *
     * @param reuseFor time after which a response is bought again
     */
    record HistoryCall(CallEntry call, @Nullable CallEntry before, Duration reuseFor) {}

    /** Renders a text template in one line: joins its lines with a margin, {@code |}, and those of values. */
    private static String render(String template, Object model, Texts texts) {
        StringOutput text = new StringOutput();
        TEMPLATES.render("report/" + template + ".jte", Map.of("event", model, "texts", texts), text);
        return text.toString()
                .lines()
                .filter(line -> !line.isBlank())
                .map(line -> line.startsWith("|") ? line.substring(1) : " " + line)
                .collect(Collectors.joining());
    }

    /**
     * History of a note.
     *
     * @param requeuedAt when an operator made it due; null if it was settled since, or never requeued
     */
    public record History(
            List<HistoryEvent> events,
            List<NoteFile> files,
            @Nullable Instant requeuedAt) {}

    /** Kind of an event; a note is decided by a run or an operator. */
    public enum EventKind {
        QUEUED,
        REQUEUED,
        CALL,
        FILE,
        DECIDED,
        AUDIT
    }

    /** One event. {@code what} may contain text of the provider. */
    public record HistoryEvent(Instant at, EventKind kind, String what) {}
}
