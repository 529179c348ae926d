package io.github.notearchive.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** One figure in all runs. */
final class Spread {

    private final List<Double> values = new ArrayList<>();

    void add(double value) {
        values.add(value);
    }

    int runs() {
        return values.size();
    }

    double median() {
        List<Double> sorted = sorted();
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }

    double least() {
        return sorted().getFirst();
    }

    double most() {
        return sorted().getLast();
    }

    /** The median with the range behind it, such as {@code 2.46 (2.41..2.60)}. */
    String text(int digits) {
        String format = "%." + digits + "f";
        return runs() == 1
                ? format.formatted(median())
                : (format + " (" + format + ".." + format + ")").formatted(median(), least(), most());
    }

    /** For the history: median, least, most, number of runs. */
    String cells() {
        return String.format(Locale.ROOT, "%.3f,%.3f,%.3f,%d", median(), least(), most(), runs());
    }

    private List<Double> sorted() {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted;
    }
}
