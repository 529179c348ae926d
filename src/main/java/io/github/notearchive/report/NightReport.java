package io.github.notearchive.report;

import io.github.notearchive.archive.stats.CallTotals.Bill;
import io.github.notearchive.archive.stats.RunHistory.Left;
import io.github.notearchive.archive.stats.RunHistory.NightFacts;
import io.github.notearchive.archive.stats.RunHistory.Paid;
import io.github.notearchive.archive.stats.RunHistory.Run;
import io.github.notearchive.archive.stats.RunHistory.Slice;
import io.github.notearchive.archive.stats.RunHistory.Work;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.ProviderCode;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One night of one node, as recorded in the tables, and the model of the template {@code report/night}. Independent of
 * the time at which it is read.
 *
 * @param nights the nights with runs up to this one, newest last; at most {@value #NIGHTS}
 */
public record NightReport(List<Past> nights, NightFacts facts) {

    static final int NIGHTS = 14;

    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm").withZone(Night.ZONE);
    static final DateTimeFormatter CLOCK_SECONDS =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(Night.ZONE);

    /** The runs of one night, oldest first; never empty. */
    public record Past(List<Run> runs) {

        public Night night() {
            return last().night();
        }

        public Run last() {
            return runs.getLast();
        }

        private List<Left> lefts() {
            return runs.stream().flatMap(run -> Stream.ofNullable(run.left())).toList();
        }

        /** Returns the sum of a count over the runs that recorded their results. */
        public long sum(ToLongFunction<Work> count) {
            return lefts().stream().map(Left::work).mapToLong(count).sum();
        }

        /** Returns the cost of the runs that recorded it, in the currency of the last of them; a dash if none did. */
        public String cost() {
            List<Paid> paid = lefts().stream()
                    .flatMap(left -> Stream.ofNullable(left.paid()))
                    .toList();
            if (paid.isEmpty()) {
                return "-";
            }
            String currency = paid.getLast().currency();
            return DisplayFormat.money(
                    Currency.getInstance(currency),
                    paid.stream()
                            .filter(each -> each.currency().equals(currency))
                            .map(Paid::cost)
                            .reduce(BigDecimal.ZERO, BigDecimal::add));
        }

        public long sumOfBills(ToLongFunction<Bill> count) {
            return runs.stream().map(Run::bill).mapToLong(count).sum();
        }

        public Duration took() {
            return runs.stream().map(Run::took).reduce(Duration.ZERO, Duration::plus);
        }

        /** Returns whether each run recorded its results; active and killed runs did not. */
        boolean isWhole() {
            return lefts().size() == runs.size();
        }

        /** Returns the state of the archive after the last run that recorded it; null if none did. */
        @Nullable
        Left left() {
            List<Left> lefts = lefts();
            return lefts.isEmpty() ? null : lefts.getLast();
        }
    }

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

    public String page() {
        return Pages.render("report/night", Map.of("night", this));
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
    Run last() {
        return tonight().last();
    }

    /** Returns the result of a run; empty while it is active, and after a kill. */
    static Optional<ExitCode> exit(Run run) {
        return run.isKilled()
                ? Optional.empty()
                : Optional.ofNullable(run.exitCode()).map(ExitCode::named);
    }

    /** Returns the next action of the operator after a run with this result. */
    static String next(Run run, ExitCode exit) {
        return run.execution() == null ? exit.nextIfNotStarted() : exit.next();
    }

    static Tone tone(Run run) {
        return exit(run)
                .map(code -> code == ExitCode.COMPLETED ? Tone.good : code.isOrderly() ? Tone.watch : Tone.bad)
                .orElse(run.isKilled() ? Tone.bad : Tone.watch);
    }

    static String end(Run run) {
        return exit(run).map(ExitCode::label).orElse(run.isKilled() ? "Killed" : "Not ended");
    }

    /** Formats the code of a note that is not archived; a dash for a success, whose cause is another one. */
    static String code(@Nullable Integer code) {
        return code == null || ProviderCode.SUCCESS.is(code) ? "-" : code.toString();
    }

    static String countOrDash(@Nullable Long number) {
        return number == null ? "-" : DisplayFormat.count(number);
    }

    static String sentenceCase(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    Plot calls() {
        List<Long> made = facts.slices().stream().map(Slice::callsSoFar).toList();
        long all = Plot.max(made);
        String description =
                DisplayFormat.plural(all, "call") + (all == 1 ? " was" : " were") + " made by all nodes since 00:00.";
        return new Plot("Calls so far", description, made, DisplayFormat::count, times());
    }

    Plot perMinute(String what, ToLongFunction<Slice> amount, LongFunction<String> format, String unit) {
        List<Long> amounts = facts.slices().stream().map(amount::applyAsLong).toList();
        long all = amounts.stream().mapToLong(Long::longValue).sum();
        double minutes = facts.width().toMillis() / 60_000.0;
        List<Long> rates = amounts.stream().map(a -> Math.round(a / minutes)).toList();
        String description = "%s%s in total; at most %s per minute, %s on average."
                .formatted(
                        format.apply(all),
                        unit,
                        format.apply(Plot.max(rates)),
                        format.apply(Math.round(all / (minutes * amounts.size()))));
        return new Plot(what + " per minute", description, rates, format, times());
    }

    private List<String> times() {
        Duration all = facts.width().multipliedBy(facts.slices().size());
        DateTimeFormatter format = all.toMinutes() < 10 ? CLOCK_SECONDS : CLOCK;
        return Stream.of(Duration.ZERO, all.dividedBy(2), all)
                .map(after -> format.format(facts.from().plus(after)))
                .toList();
    }

    /**
     * A plot of bars without a script: inline SVG paths that fill the width of the page, with labels as text of a fixed
     * size and a description for readers who do not see it.
     */
    record Plot(String title, String description, List<Long> values, LongFunction<String> format, List<String> times) {

        private static final int WIDTH = 1000;
        private static final int HEIGHT = 200;

        /** Returns the value at the upper edge. */
        long top() {
            return roundAbove(max(values));
        }

        static long max(List<Long> values) {
            return values.stream().mapToLong(Long::longValue).max().orElse(0);
        }

        /** Returns the smallest round number that is at least {@code most} and has an integer half, the axis label. */
        static long roundAbove(long most) {
            long unit = (long) Math.pow(10, (int) Math.log10((double) Math.max(1, most)));
            return LongStream.of(1, 2, 3, 4, 5, 6, 8, 10)
                    .map(factor -> factor * unit)
                    .filter(round -> round >= most && round % 2 == 0)
                    .findFirst()
                    .orElseThrow();
        }

        String label(long value) {
            return format.apply(value);
        }

        String bars() {
            double step = (double) WIDTH / values.size();
            double gap = Math.min(step * 0.2, 12);
            double top = top();
            StringBuilder path = new StringBuilder();
            for (int i = 0; i < values.size(); i++) {
                if (values.get(i) > 0) {
                    double height = Math.max(2, values.get(i) / top * HEIGHT);
                    path.append("M%s 200v%sh%sv%sz"
                            .formatted(
                                    number(i * step + gap / 2), number(-height), number(step - gap), number(height)));
                }
            }
            return path.toString();
        }

        private static String number(double value) {
            return String.format(Locale.ROOT, "%.1f", value).replaceFirst("\\.0$", "");
        }
    }
}
