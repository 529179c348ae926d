package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.LogRepository.LogCheckpoint;
import io.github.notearchive.archive.query.CallTotals.Bill;
import io.github.notearchive.archive.query.RunHistory.Left;
import io.github.notearchive.archive.query.RunHistory.NightFacts;
import io.github.notearchive.archive.query.RunHistory.OpenNote;
import io.github.notearchive.archive.query.RunHistory.Paid;
import io.github.notearchive.archive.query.RunHistory.RecordedRun;
import io.github.notearchive.archive.query.RunHistory.RunWork;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistStats.ReasonCount;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One night of one node, as recorded in the tables, and the model of the template {@code report/night}. Independent of
 * the time at which it is read.
 *
 * @param nights the nights with runs up to this one, newest last; at most {@value #NIGHTS}
 * @param log transparency log at the end of the night; null if it was empty
 */
public record NightReport(
        List<Past> nights, NightFacts facts, @Nullable LogCheckpoint log) {

    static final int NIGHTS = 14;

    static final DateTimeFormatter CLOCK_SECONDS =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(Night.ZONE);

    /** The runs of one night, oldest first; never empty. */
    public record Past(List<RecordedRun> runs) {

        public Night night() {
            return last().night();
        }

        public RecordedRun last() {
            return runs.getLast();
        }

        private List<Left> lefts() {
            return runs.stream().flatMap(run -> Stream.ofNullable(run.left())).toList();
        }

        /** Returns the sum of a count over the runs that recorded their results. */
        public long sum(ToLongFunction<RunWork> count) {
            return lefts().stream().map(Left::work).mapToLong(count).sum();
        }

        /** Returns the cost of the runs that recorded it, in the currency of the last of them; null if none did. */
        @Nullable
        Paid paid() {
            return lefts().stream()
                    .flatMap(left -> Stream.ofNullable(left.paid()))
                    .reduce((sum, paid) -> paid.currency().equals(sum.currency())
                            ? new Paid(sum.cost().add(paid.cost()), paid.currency())
                            : paid)
                    .orElse(null);
        }

        /** Formats the cost; a dash if it is unknown. */
        String cost() {
            Paid paid = paid();
            return paid == null ? "-" : DisplayFormat.money(Currency.getInstance(paid.currency()), paid.cost());
        }

        public long sumOfBills(ToLongFunction<Bill> count) {
            return runs.stream().map(RecordedRun::bill).mapToLong(count).sum();
        }

        public Duration took() {
            return runs.stream().map(RecordedRun::took).reduce(Duration.ZERO, Duration::plus);
        }

        /** Returns whether each run recorded its results; active and killed runs did not. */
        boolean isComplete() {
            return lefts().size() == runs.size();
        }

        /** Returns the state of the archive after the last run that recorded it; null if none did. */
        @Nullable
        Left left() {
            List<Left> lefts = lefts();
            return lefts.isEmpty() ? null : lefts.getLast();
        }
    }

    /** Severity of the end of a run; the names are classes of the style sheet. */
    enum Tone {
        good("✓"),
        watch("!"),
        bad("✕");

        final String sign;

        Tone(String sign) {
            this.sign = sign;
        }
    }

    /** Postponed, failed and other notes of the worklist with the same state and reason, and some of this night. */
    record NotesOfReason(NoteState state, StateReason reason, String codes, long notes, List<OpenNote> examples) {

        String filter() {
            return "state:%s reason:%s".formatted(state, reason).toLowerCase(Locale.ROOT);
        }

        /** Returns the command that resolves it, for all of them or the first example; empty without one. */
        Optional<String> command() {
            return Optional.of(reason.command(
                            examples.isEmpty() ? null : examples.getFirst().id()))
                    .filter(command -> command.startsWith("note-archive"));
        }
    }

    /** Returns the reasons at the end of the night, or those of its notes if it was not recorded; decisions first. */
    List<NotesOfReason> causes() {
        Left left = tonight().left();
        List<ReasonCount> recorded = left == null ? List.of() : left.reasons();
        Stream<ReasonCount> others = facts.openNotes().stream()
                .map(note -> new ReasonCount(note.state(), note.reason(), null, note.inAll()))
                .distinct()
                .filter(note -> recorded.stream()
                        .noneMatch(each -> each.state() == note.state() && each.reason() == note.reason()));
        return Stream.concat(recorded.stream(), others)
                .collect(Collectors.groupingBy(each -> List.of(each.state(), each.reason())))
                .values()
                .stream()
                .map(this::cause)
                .sorted(Comparator.comparing((NotesOfReason cause) -> cause.state != NoteState.FAILED)
                        .thenComparing(cause -> cause.state != NoteState.POSTPONED)
                        .thenComparing(NotesOfReason::notes, Comparator.reverseOrder())
                        .thenComparing(NotesOfReason::reason))
                .toList();
    }

    private NotesOfReason cause(List<ReasonCount> same) {
        NoteState state = same.getFirst().state();
        StateReason reason = same.getFirst().reason();
        return new NotesOfReason(
                state,
                reason,
                same.stream()
                        .map(count -> code(count.code()))
                        .filter(code -> !code.equals("-"))
                        .collect(Collectors.joining(", ")),
                same.stream().mapToLong(ReasonCount::notes).sum(),
                facts.openNotes().stream()
                        .filter(note -> note.state() == state && note.reason() == reason)
                        .toList());
    }

    /**
     * Renders the page.
     *
     * @param notes beginning of the addresses of notes
     */
    public String page(Texts texts, String notes) {
        return Pages.render("report/night", Map.of("night", this, "texts", texts, "notes", notes));
    }

    /** Returns a name such as {@code 2026-11-25-main-12.html}; without a number if there was no execution. */
    String fileName() {
        String execution = tonight().runs().reversed().stream()
                .flatMap(run -> Stream.ofNullable(run.execution()))
                .findFirst()
                .map(id -> "-" + id)
                .orElse("");
        return night() + "-" + last().node() + execution + ".html";
    }

    Past tonight() {
        return nights.getLast();
    }

    Night night() {
        return tonight().night();
    }

    /** Returns the last run, which determines the result of the night. */
    RecordedRun last() {
        return tonight().last();
    }

    /** Returns the result of a run; empty while it is active, and after a kill. */
    static Optional<ExitCode> exit(RecordedRun run) {
        return run.isKilled()
                ? Optional.empty()
                : Optional.ofNullable(run.exitCode()).map(ExitCode::named);
    }

    /** Returns the next action of the operator after a run with this result. */
    static String next(RecordedRun run, ExitCode exit) {
        return run.execution() == null ? exit.nextIfNotStarted() : exit.next();
    }

    static Tone tone(RecordedRun run) {
        return exit(run)
                .map(code -> code == ExitCode.COMPLETED ? Tone.good : code.isOrderly() ? Tone.watch : Tone.bad)
                .orElse(run.isKilled() ? Tone.bad : Tone.watch);
    }

    static String end(RecordedRun run, Texts texts) {
        return exit(run)
                .map(code -> code.label().replace(code.name(), texts.name(code)))
                .orElse(texts.text(run.isKilled() ? "report.killed" : "report.active"));
    }

    /** Formats the code of a note that is not archived; a dash for a success, whose cause is another one. */
    static String code(@Nullable Integer code) {
        return code == null || ProviderCode.SUCCESS.is(code) ? "-" : code.toString();
    }

    static String countOrDash(@Nullable Long number) {
        return number == null ? "–" : DisplayFormat.count(number);
    }
}
