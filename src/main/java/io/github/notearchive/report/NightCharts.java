package io.github.notearchive.report;

import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.archive.query.RunHistory.AmountKind;
import io.github.notearchive.archive.query.RunHistory.Left;
import io.github.notearchive.archive.query.RunHistory.Paid;
import io.github.notearchive.archive.query.RunHistory.RunWork;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.Chart.Series;
import io.github.notearchive.report.Chart.Shape;
import io.github.notearchive.report.NightReport.Past;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Charts of the report of a night. */
record NightCharts(NightReport night, Texts texts) {

    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("HH:mm").withZone(Night.ZONE);

    /** Last results of notes with the number of their colour; the names are keys of texts. */
    private enum Outcome {
        archived(0, RunWork::archived),
        unavailable(3, RunWork::unavailable),
        postponed(1, RunWork::postponed),
        failed(2, RunWork::failed);

        private final int colour;

        @SuppressWarnings("ImmutableEnumChecker") // a constant function
        private final ToLongFunction<RunWork> count;

        Outcome(int colour, ToLongFunction<RunWork> count) {
            this.colour = colour;
            this.count = count;
        }
    }

    Chart outcomes() {
        Past tonight = night.tonight();
        String retried = texts.text("report.retried", tonight.sum(RunWork::retried), tonight.sum(RunWork::released));
        return outcomes(Shape.row, texts.text("report.outcomes"), retried, List.of(tonight));
    }

    private Chart outcomes(Shape shape, String title, String description, List<Past> nights) {
        List<Series> series = Arrays.stream(Outcome.values())
                .map(outcome -> new Series(
                        texts.text("report." + outcome),
                        outcome.colour,
                        nights.stream()
                                .<@Nullable Long>map(past -> past.sum(outcome.count))
                                .toList()))
                .toList();
        return new Chart(shape, title, description, series, labels(nights), DisplayFormat::count);
    }

    private static List<String> labels(List<Past> nights) {
        return Stream.of(nights.getFirst(), nights.getLast())
                .map(past -> past.night().toString())
                .toList();
    }

    /** Returns the codes, the latency and the stored bytes in the course of the night. */
    List<Chart> hours() {
        Duration width = night.facts().width();
        String column = width.toMillis() < 100 ? "" : texts.text("report.column", DisplayFormat.took(width));
        return Stream.of(
                        new Chart(
                                Shape.columns,
                                texts.text("report.codes"),
                                column,
                                stacked(AmountKind.CODE, "0", this::code),
                                times(),
                                DisplayFormat::count),
                        new Chart(
                                Shape.lines,
                                texts.text("report.latency"),
                                texts.text("report.latency.what"),
                                Chart.coloured(series(AmountKind.LATENCY, UnaryOperator.identity()), 0),
                                times(),
                                millis -> DisplayFormat.count(millis) + " ms"),
                        new Chart(
                                Shape.columns,
                                texts.text("report.bytes"),
                                (texts.text("report.bytes.what") + " " + column).strip(),
                                stacked(AmountKind.BYTES, texts.text("report.image"), this::type),
                                times(),
                                DisplayFormat::size))
                .filter(chart -> !chart.series().isEmpty())
                .toList();
    }

    private String code(String name) {
        return name.equals("-") ? texts.text("report.noResponse") : name;
    }

    private String type(String name) {
        return texts.text("report." + (List.of("image", "video", "audio").contains(name) ? name : "others"));
    }

    /** Returns the amounts of the parts of the night, one series for each name. */
    private List<Series> series(AmountKind kind, UnaryOperator<String> name) {
        Map<String, @Nullable Long[]> byName = new TreeMap<>();
        night.facts().amounts().stream().filter(each -> each.kind() == kind).forEach(each -> {
            @Nullable Long[] of = byName.computeIfAbsent(name.apply(each.name()), _ -> new Long[RunHistory.SLICES]);
            Long before = of[each.slice()];
            of[each.slice()] = each.amount() + (before == null ? 0 : before);
        });
        return byName.entrySet().stream()
                .map(each -> new Series(each.getKey(), 0, Arrays.asList(each.getValue())))
                .toList();
    }

    /** Returns the named series in the first colour, and the others, the largest first, in the other colours. */
    private List<Series> stacked(AmountKind kind, String first, UnaryOperator<String> name) {
        Comparator<Series> order = Comparator.comparing(each -> !each.label().equals(first));
        List<Series> all = series(kind, name).stream()
                .sorted(order.thenComparing(Series::sum, Comparator.reverseOrder()))
                .toList();
        if (all.size() > Chart.COLOURS) {
            List<String> shown =
                    all.stream().limit(Chart.COLOURS - 1).map(Series::label).toList();
            return stacked(
                    kind,
                    first,
                    each -> shown.contains(name.apply(each)) ? name.apply(each) : texts.text("report.others"));
        }
        boolean isFirst = !all.isEmpty() && all.getFirst().label().equals(first);
        return Chart.coloured(all, isFirst ? 0 : 1);
    }

    private List<String> times() {
        Duration all = night.facts().width().multipliedBy(RunHistory.SLICES);
        DateTimeFormatter format = all.toMinutes() < 10 ? NightReport.CLOCK_SECONDS : MINUTE;
        return Stream.of(Duration.ZERO, all.dividedBy(2), all)
                .map(after -> format.format(night.facts().from().plus(after)))
                .toList();
    }

    /** Returns the outcomes and the cost of the nights, and the survival of notes, as far as they are known. */
    List<Chart> nights() {
        List<Past> nights = night.nights();
        List<Chart> charts = new ArrayList<>();
        if (nights.size() > 1) {
            charts.add(outcomes(Shape.columns, texts.text("report.nights", nights.size()), "", nights));
            cost().ifPresent(charts::add);
        }
        Left left = night.tonight().left();
        if (left != null) {
            Chart.survival(texts, List.of(new Chart.Shares(texts.text("survival.all"), left.shares())))
                    .ifPresent(charts::add);
        }
        return charts;
    }

    private Optional<Chart> cost() {
        Paid last = night.tonight().paid();
        if (last == null) {
            return Optional.empty();
        }
        Currency currency = Currency.getInstance(last.currency());
        LongFunction<String> format = cents -> DisplayFormat.money(currency, BigDecimal.valueOf(cents, 2));
        List<@Nullable Long> costs = new ArrayList<>();
        for (Past past : night.nights()) {
            Paid paid = past.paid();
            costs.add(
                    paid != null && paid.currency().equals(last.currency())
                            ? paid.cost()
                                    .movePointRight(2)
                                    .setScale(0, RoundingMode.HALF_UP)
                                    .longValue()
                            : null);
        }
        Series series = new Series(texts.text("report.cost"), 0, costs);
        return Optional.of(new Chart(
                Shape.columns, texts.text("report.costs"), "", List.of(series), labels(night.nights()), format));
    }
}
