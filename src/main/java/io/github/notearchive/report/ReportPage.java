package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.stats.RunHistory.Left;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReport.Past;
import io.github.notearchive.report.NightReport.Run;
import io.github.notearchive.report.NightReport.Slice;
import io.github.notearchive.report.NightReport.Slices;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Model of the template {@code report/night}: the texts and plots that are computed from a {@link NightReport}. */
record ReportPage(NightReport night) {

    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm").withZone(Night.ZONE);
    private static final DateTimeFormatter CLOCK_SECONDS =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(Night.ZONE);
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("MM-dd", Locale.ROOT);

    /** How bad the end of a run is; the names are classes of the style sheet. */
    enum Tone {
        good("✓"),
        watch("!"),
        bad("✕");

        private final String sign;

        Tone(String sign) {
            this.sign = sign;
        }

        String sign() {
            return sign;
        }
    }

    /** A large figure. */
    record Tile(String name, String figure, String note) {}

    String render() {
        return Pages.render("report/night", Map.of("page", this));
    }

    String title() {
        return "Night of " + night.night() + ", node " + night.node();
    }

    static Tone tone(Run run) {
        if (run.exitNumber() == null) {
            return run.isKilled() ? Tone.bad : Tone.watch;
        }
        return switch (run.exitNumber()) {
            case 0 -> Tone.good;
            case 3, 6, 7 -> Tone.watch;
            default -> Tone.bad;
        };
    }

    /** Returns the exit of a run in a table. */
    static String end(Run run) {
        return run.exitNumber() != null
                ? run.exitNumber() + " " + run.exitCode()
                : run.isKilled() ? "Killed" : "Not ended";
    }

    static String clock(Instant time) {
        return CLOCK_SECONDS.format(time);
    }

    static String notes(long number) {
        return plural(number, "note");
    }

    private static String plural(long number, String noun) {
        return DisplayFormat.count(number) + " " + noun + (number == 1 ? "" : "s");
    }

    static String orDash(@Nullable Number number) {
        return number == null ? "–" : number.toString();
    }

    static String milliseconds(@Nullable Long time) {
        return time == null ? "–" : DisplayFormat.count(time);
    }

    static String sentenceCase(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    /** Returns what the night did and why it ended. */
    String summary() {
        Past tonight = tonight();
        List<String> did = new ArrayList<>();
        did.add(notes(tonight.archived()) + " archived");
        if (tonight.unavailable() > 0) {
            did.add(DisplayFormat.count(tonight.unavailable()) + " unavailable");
        }
        if (tonight.failed() > 0) {
            did.add(DisplayFormat.count(tonight.failed()) + " failed");
        }
        String dispositions = tonight.left() == null
                ? "The results of its notes are unknown; it made "
                : String.join(", ", did)
                        + (tonight.isWhole() ? ", by " : ", without a run that did not record its end, by ");
        return "%s%s of which %s %s billed. %s because %s."
                .formatted(
                        dispositions,
                        plural(tonight.calls(), "call"),
                        DisplayFormat.count(tonight.billed()),
                        tonight.billed() == 1 ? "is" : "are",
                        night.runs().size() == 1 ? "It ended" : "The last run ended",
                        reason().replaceFirst("\\.$", ""));
    }

    private String reason() {
        Run last = night.last();
        if (last.exitNumber() == null) {
            return last.isKilled()
                    ? "it was killed, or the database was unavailable; the next run resumes it"
                    : "it is active, or did not record its end";
        }
        return last.reason() == null ? "of an unknown reason" : last.reason();
    }

    private Past tonight() {
        return night.nights().getLast();
    }

    /** Returns whether findings are open that a repair deals with, or else findings that it does not. */
    boolean hasFindings(boolean damage) {
        return night.findings().keySet().stream()
                .map(Damage.Kind::valueOf)
                .anyMatch(kind -> ArchiveHealth.isDamage(kind) == damage);
    }

    List<Tile> tiles() {
        Past tonight = tonight();
        boolean isKnown = tonight.left() != null;
        Long allowed = callsAllowed();
        List<Tile> tiles = new ArrayList<>();
        tiles.add(new Tile(
                "Notes archived",
                isKnown ? DisplayFormat.count(tonight.archived()) : "–",
                tonight.isWhole() ? "" : isKnown ? "without a run that did not record its end" : "unknown"));
        tiles.add(new Tile(
                "Calls",
                DisplayFormat.count(tonight.calls()),
                allowed == null ? "no limit is set" : "of " + DisplayFormat.count(allowed) + " a night"));
        tiles.add(new Tile(
                "Billed",
                DisplayFormat.count(tonight.billed()),
                tonight.billingUnknown() == 0
                        ? "no billing unknown"
                        : DisplayFormat.count(tonight.billingUnknown()) + " billing unknown"));
        tiles.add(new Tile(
                "Stored",
                isKnown ? DisplayFormat.size(tonight.bytes()) : "–",
                isKnown ? plural(tonight.files(), "file") : "unknown"));
        tiles.add(new Tile(
                "Took",
                DisplayFormat.took(night.took()),
                night.runs().size() == 1 ? "one run" : night.runs().size() + " runs"));
        night.left()
                .ifPresent(left -> tiles.add(new Tile(
                        "Backlog",
                        DisplayFormat.count(left.backlog()),
                        left.due() == 0 ? "nothing due" : DisplayFormat.count(left.due()) + " due")));
        return tiles;
    }

    String failedNotesCaption() {
        String all = DisplayFormat.count(night.failedInAll());
        int shown = night.failedNotes().size();
        return (night.failedInAll() > shown ? "The first " + shown + " of " + all : all)
                + " failed in this night and still FAILED; note-archive explain NOTE_ID shows the history of a note";
    }

    String remarksCaption() {
        int shown = night.remarks().size();
        return "Stored, but different from the response"
                + (night.remarksInAll() > shown
                        ? "; the first " + shown + " of " + DisplayFormat.count(night.remarksInAll())
                        : "")
                + (night.lesser() > 0
                        ? "; "
                                + DisplayFormat.count(night.lesser())
                                + " in a lesser rendition, for which note-archive requeue --degraded buys new responses"
                        : "");
    }

    Plot calls() {
        Slices slices = night.slices();
        List<Long> made = slices.each().stream().map(Slice::callsSoFar).toList();
        double width = Math.max(1, Duration.between(slices.from(), slices.to()).toMillis());
        List<Double> events = night.stops().stream()
                .map(stop -> Duration.between(slices.from(), stop.at()).toMillis() / width)
                .filter(share -> share >= 0 && share <= 1)
                .toList();
        // several calls may receive it at once
        String stops = night.stops().stream()
                .map(stop -> " Code 303 stopped the run at " + clock(stop.at()) + " (dashed).")
                .distinct()
                .collect(Collectors.joining());
        Long allowed = callsAllowed();
        if (allowed == null) {
            long all = max(made);
            return new Plot(
                    "Calls so far",
                    plural(all, "call") + (all == 1 ? " was" : " were")
                            + " made by all nodes since 00:00; no limit is set." + stops,
                    Plot.Shape.STEPS,
                    made,
                    Plot.roundAbove(all),
                    DisplayFormat::count,
                    times(slices),
                    events);
        }
        List<Long> left =
                made.stream().map(calls -> Math.max(0, allowed - calls)).toList();
        return new Plot(
                "Calls left tonight",
                "%s of %s calls were left at the end, after the calls of all nodes since 00:00.%s"
                        .formatted(DisplayFormat.count(left.getLast()), DisplayFormat.count(allowed), stops),
                Plot.Shape.STEPS,
                left,
                Math.max(1, allowed),
                DisplayFormat::count,
                times(slices),
                events);
    }

    private @Nullable Long callsAllowed() {
        return night.left().map(Left::callsAllowed).orElse(null);
    }

    Plot notesPerMinute() {
        return perMinute("Notes answered per minute", Slice::notes, DisplayFormat::count, " notes");
    }

    Plot bytesPerMinute() {
        return perMinute("Bytes stored per minute", Slice::bytes, DisplayFormat::size, "");
    }

    private Plot perMinute(String title, ToLongFunction<Slice> amount, LongFunction<String> format, String unit) {
        Slices slices = night.slices();
        List<Long> amounts = slices.each().stream().map(amount::applyAsLong).toList();
        double minutes = slices.width().toMillis() / 60_000.0;
        List<Long> rates = amounts.stream().map(a -> Math.round(a / minutes)).toList();
        long all = amounts.stream().mapToLong(Long::longValue).sum();
        long busy = amounts.stream().filter(a -> a > 0).count();
        return new Plot(
                title,
                busy == 0
                        ? "None."
                        : "%s%s in total; at most %s per minute, %s on average in active periods."
                                .formatted(
                                        format.apply(all),
                                        unit,
                                        format.apply(max(rates)),
                                        format.apply(Math.round(all / (busy * minutes)))),
                Plot.Shape.BARS,
                rates,
                Plot.roundAbove(max(rates)),
                format,
                times(slices),
                List.of());
    }

    private static long max(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    private static List<String> times(Slices slices) {
        Duration all = Duration.between(slices.from(), slices.to());
        DateTimeFormatter format = all.toMinutes() < 10 ? CLOCK_SECONDS : CLOCK;
        return List.of(
                format.format(slices.from()),
                format.format(slices.from().plus(all.dividedBy(2))),
                format.format(slices.to()));
    }

    /** Returns whether this night and an earlier one have a snapshot of the archive. */
    boolean isComparable() {
        return tonight().left() != null && knownNights().size() > 1;
    }

    private List<Past> knownNights() {
        return night.nights().stream().filter(past -> past.left() != null).toList();
    }

    Plot archivedByNight() {
        return byNight("Notes archived by night", knownNights(), Past::archived, DisplayFormat::count);
    }

    Plot callsByNight() {
        return byNight("Calls by night", night.nights(), Past::calls, DisplayFormat::count);
    }

    Plot backlogByNight() {
        return byNight("Backlog after each night", knownNights(), ofSnapshot(Left::backlog), DisplayFormat::count);
    }

    Plot settledByNight() {
        return byNight("Notes completed by night", knownNights(), Past::settled, DisplayFormat::count);
    }

    Plot storeSizeByNight() {
        return byNight(
                "Size of the store after each night",
                knownNights(),
                ofSnapshot(Left::objectBytes),
                DisplayFormat::size);
    }

    Plot storedByNight() {
        return byNight("Bytes stored by night", knownNights(), Past::bytes, DisplayFormat::size);
    }

    private static ToLongFunction<Past> ofSnapshot(ToLongFunction<Left> value) {
        return past -> past.left() == null ? 0 : value.applyAsLong(past.left());
    }

    /** Returns a value of each night over the days that are compared; days without a night are empty. */
    private Plot byNight(String title, List<Past> nights, ToLongFunction<Past> value, LongFunction<String> format) {
        LocalDate last = night.night().date();
        LocalDate first = last.minusDays(NightReports.NIGHTS - 1L);
        Map<LocalDate, Long> values = new HashMap<>();
        nights.forEach(past -> values.put(past.night().date(), value.applyAsLong(past)));
        List<Long> days = first.datesUntil(last.plusDays(1))
                .map(day -> values.getOrDefault(day, 0L))
                .toList();
        Past before = nights.get(nights.size() - 2);
        return new Plot(
                title,
                "%s this night, %s in the night of %s; at most %s in these days."
                        .formatted(
                                format.apply(days.getLast()),
                                format.apply(value.applyAsLong(before)),
                                before.night(),
                                format.apply(max(days))),
                Plot.Shape.BARS,
                days,
                Plot.roundAbove(max(days)),
                format,
                List.of(DAY.format(first), DAY.format(last)),
                List.of());
    }

    String outlook() {
        NightReport.Outlook outlook = night.outlook().orElseThrow();
        if (outlook.backlog() == 0) {
            return "No notes are left.";
        }
        return "%s %s left. The last nights completed %s notes each: at this rate, %s."
                .formatted(
                        notes(outlook.backlog()),
                        outlook.backlog() == 1 ? "is" : "are",
                        String.format(Locale.ROOT, "%,.1f", outlook.perNight()),
                        outlook.lastNight() == null
                                ? "the backlog never ends"
                                : "the backlog ends in the night of " + outlook.lastNight());
    }

    String storeSize(Left left) {
        return plural(left.objects(), "file") + ", " + DisplayFormat.size(left.objectBytes()) + growth() + ".";
    }

    private String growth() {
        List<Past> known = knownNights();
        if (known.size() < 2) {
            return "";
        }
        ToLongFunction<Past> size = ofSnapshot(Left::objectBytes);
        Past first = known.getFirst();
        long more = size.applyAsLong(known.getLast()) - size.applyAsLong(first);
        long nights = known.size() - 1L;
        if (more <= 0) {
            return ", no more than in the night of " + first.night();
        }
        return nights == 1
                ? ", %s more than in the night of %s".formatted(DisplayFormat.size(more), first.night())
                : ", on average %s more after each of the last %d nights"
                        .formatted(DisplayFormat.size(more / nights), nights);
    }

    String verification(Left left) {
        if (left.objects() == 0) {
            return "There are no files to verify.";
        }
        String findings = left.openFindings() == 0
                ? "no finding is open"
                : DisplayFormat.count(left.openFindings()) + " findings are open";
        if (left.oldestVerified() == null) {
            return "No file has been verified; " + findings + ".";
        }
        Run last = night.last();
        Duration age = Duration.between(left.oldestVerified(), last.ended() == null ? last.began() : last.ended());
        return "Oldest verification: %s before the last run ended%s; %s."
                .formatted(
                        age(age),
                        left.neverVerified() == 0
                                ? ""
                                : ", " + DisplayFormat.count(left.neverVerified())
                                        + " files never verified since a rebuild",
                        findings);
    }

    private static String age(Duration age) {
        if (age.toMinutes() < 1) {
            return "less than a minute";
        }
        return age.toDays() > 1 ? age.toDays() + " days" : DisplayFormat.took(age);
    }

    Map<String, String> settings() {
        return new TreeMap<>(night.left().map(Left::settings).orElse(Map.of()));
    }
}
