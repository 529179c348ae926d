package io.github.notearchive.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Values of one number in all runs, the smallest one first. */
final class Spread {

    private final List<Double> values = new ArrayList<>();

    static <T> Spread of(List<T> runs, ToDoubleFunction<T> number) {
        Spread spread = new Spread();
        runs.forEach(run -> spread.add(number.applyAsDouble(run)));
        return spread;
    }

    void add(double value) {
        values.add(value);
        Collections.sort(values);
    }

    int runs() {
        return values.size();
    }

    double median() {
        int half = values.size() / 2;
        return values.size() % 2 == 1 ? values.get(half) : (values.get(half - 1) + values.get(half)) / 2;
    }

    double minimum() {
        return values.getFirst();
    }

    double maximum() {
        return values.getLast();
    }

    /** Returns the median with the range, such as {@code 2.46 (2.41..2.60)}. */
    String text(int digits) {
        String format = "%." + digits + "f";
        return runs() == 1
                ? format.formatted(median())
                : (format + " (" + format + ".." + format + ")").formatted(median(), minimum(), maximum());
    }

    /** Returns median, minimum, maximum, number of runs, as CSV. */
    String cells() {
        return String.format(Locale.ROOT, "%.3f,%.3f,%.3f,%d", median(), minimum(), maximum(), runs());
    }
}
