package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.stats.RunHistory.Left;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.report.NightReport.Past;
import io.github.notearchive.report.NightReport.Run;
import io.github.notearchive.report.NightReport.Slice;
import io.github.notearchive.report.NightReport.Slices;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

        final String sign;

        Tone(String sign) {
            this.sign = sign;
        }
    }

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
        return run.exitNumber() != null ? run.exitLabel() : run.isKilled() ? "Killed" : "Not ended";
    }

    static String clock(Instant time) {
        return CLOCK_SECONDS.format(time);
    }

    static String notes(long number) {
        return DisplayFormat.plural(number, "note");
    }

    static String orDash(@Nullable Number number) {
        return number == null ? "-" : number.toString();
    }

    /** Formats the code of a note that is not archived; a dash for a success, whose cause is another one. */
    static String code(@Nullable Integer code) {
        return orDash(ProviderCode.SUCCESS.is(code) ? null : code);
    }

    static String countOrDash(@Nullable Long number) {
        return number == null ? "-" : DisplayFormat.count(number);
    }

    static String sentenceCase(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    /** Returns the number of archived notes, and the other counts of the night that are not 0. */
    String dispositions() {
        long unavailable = tonight().sum(Left::unavailable);
        long failed = tonight().sum(Left::failed);
        return notes(tonight().sum(Left::archived)) + " archived"
                + (unavailable == 0 ? "" : ", " + DisplayFormat.count(unavailable) + " unavailable")
                + (failed == 0 ? "" : ", " + DisplayFormat.count(failed) + " failed");
    }

    /** Returns the number of notes that failed before this night; 0 if no run recorded it. */
    long failedEarlier() {
        return Math.max(0, night.left().map(Left::failedInAll).orElse(0L) - night.failedInAll());
    }

    /** Returns why the last run ended, without a full stop. */
    String reason() {
        Run last = night.last();
        if (last.exitNumber() != null) {
            return last.reason() == null ? "reason unknown" : last.reason().replaceFirst("\\.$", "");
        }
        return last.isKilled()
                ? "it was killed, or the database was unavailable; the next run resumes it"
                : "it is active, or did not record its end";
    }

    private Past tonight() {
        return night.tonight();
    }

    /** Returns whether findings are open that a repair deals with, or else findings that it does not. */
    boolean hasFindings(boolean damage) {
        return night.findings().keySet().stream()
                .map(Damage.Kind::valueOf)
                .anyMatch(kind -> ArchiveHealth.isDamage(kind) == damage);
    }

    Plot calls() {
        Slices slices = night.slices();
        List<Long> made = slices.each().stream().map(Slice::callsSoFar).toList();
        Long allowed = callsAllowed();
        List<Long> values = allowed == null
                ? made
                : made.stream().map(calls -> Math.max(0, allowed - calls)).toList();
        long all = max(made);
        String description = allowed == null
                ? DisplayFormat.plural(all, "call") + (all == 1 ? " was" : " were")
                        + " made by all nodes since 00:00; no limit is set."
                : "%s of %s calls were left at the end, after the calls of all nodes since 00:00."
                        .formatted(DisplayFormat.count(values.getLast()), DisplayFormat.count(allowed));
        // several calls may receive it at once
        String stops = night.stops().stream()
                .map(stop -> " Code 303 stopped the run at " + clock(stop.at()) + " (dashed).")
                .distinct()
                .collect(Collectors.joining());
        double width = Math.max(1, Duration.between(slices.from(), slices.to()).toMillis());
        return new Plot(
                allowed == null ? "Calls so far" : "Calls left tonight",
                description + stops,
                Plot.Shape.STEPS,
                values,
                allowed == null ? Plot.roundAbove(all) : Math.max(1, allowed),
                DisplayFormat::count,
                times(slices),
                night.stops().stream()
                        .map(stop -> Duration.between(slices.from(), stop.at()).toMillis() / width)
                        .filter(share -> share >= 0 && share <= 1)
                        .toList());
    }

    @Nullable
    Long callsAllowed() {
        return night.left().map(Left::callsAllowed).orElse(null);
    }

    /** Plots an amount per minute; of less than a minute, the amounts themselves. */
    Plot perMinute(String what, ToLongFunction<Slice> amount, LongFunction<String> format, String unit) {
        Slices slices = night.slices();
        List<Long> amounts = slices.each().stream().map(amount::applyAsLong).toList();
        long all = amounts.stream().mapToLong(Long::longValue).sum();
        String total = format.apply(all) + unit + " in total";
        double minutes = slices.width().toMillis() / 60_000.0;
        if (minutes * amounts.size() < 1) {
            return Plot.bars(what, total + ".", amounts, format, times(slices));
        }
        List<Long> rates = amounts.stream().map(a -> Math.round(a / minutes)).toList();
        String description = "%s; at most %s per minute, %s on average."
                .formatted(total, format.apply(max(rates)), format.apply(Math.round(all / (minutes * amounts.size()))));
        return Plot.bars(what + " per minute", description, rates, format, times(slices));
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

    static ToLongFunction<Past> ofSnapshot(ToLongFunction<Left> value) {
        return past -> past.left() == null ? 0 : value.applyAsLong(past.left());
    }

    /** Plots a value of each night over the days that are compared; days without a night are empty. */
    Plot byNight(String title, boolean isKnown, ToLongFunction<Past> value, LongFunction<String> format) {
        List<Past> nights = isKnown ? knownNights() : night.nights();
        LocalDate last = night.night().date();
        LocalDate first = last.minusDays(NightReports.NIGHTS - 1L);
        Map<LocalDate, Long> values = new HashMap<>();
        nights.forEach(past -> values.put(past.night().date(), value.applyAsLong(past)));
        List<Long> days = first.datesUntil(last.plusDays(1))
                .map(day -> values.getOrDefault(day, 0L))
                .toList();
        Past before = nights.get(nights.size() - 2);
        String description = "%s this night, %s in the night of %s; at most %s in these days."
                .formatted(
                        format.apply(days.getLast()),
                        format.apply(value.applyAsLong(before)),
                        before.night(),
                        format.apply(max(days)));
        return Plot.bars(title, description, days, format, List.of(DAY.format(first), DAY.format(last)));
    }

    /** Returns the completed notes per night, on average of the last 7 nights that recorded their results. */
    double perNight() {
        List<Past> known = knownNights();
        return known.subList(Math.max(0, known.size() - 7), known.size()).stream()
                .mapToLong(Past::settled)
                .average()
                .orElse(0);
    }

    /** Returns the night in which a backlog ends at this rate; null if never. */
    @Nullable
    LocalDate lastNight(long backlog) {
        double nights = Math.ceil(backlog / perNight());
        return nights > 36_500 ? null : night.night().date().plusDays((long) nights);
    }

    /** Returns how the store has grown since the first night with a snapshot. */
    String growth() {
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

    /** Returns the time from the oldest verification to the end of the last run. */
    String verifiedBefore(Instant oldest) {
        Run last = night.last();
        Duration age = Duration.between(oldest, last.ended() == null ? last.began() : last.ended());
        if (age.toMinutes() < 1) {
            return "less than a minute";
        }
        return age.toDays() > 1 ? age.toDays() + " days" : DisplayFormat.took(age);
    }
}
