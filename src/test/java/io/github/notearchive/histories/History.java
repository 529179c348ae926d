package io.github.notearchive.histories;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Steps of an archive; as text a list that can be copied and parsed. */
record History(List<Step> steps) {

    /** Notes of a history. */
    static final int NOTES = 7;

    /** Largest moment of a kill that counts no statements of Spring Batch; later ones count them. */
    static final int MOMENTS = 400;

    private static final Pattern STEP = Pattern.compile("(\\w+)\\((\\d+),(\\d+),(\\d+)\\)");

    /** What a step does, and how often it is drawn. */
    enum Action {
        ENQUEUE(3),
        NIGHT(6),
        NIGHT_CODE_301(2),
        NIGHT_QUOTA(2),
        NIGHT_RESET(1),
        NIGHT_LOST(2),
        NIGHT_TIMEOUT(1),
        NIGHT_ABSENT(1),
        NIGHT_DEAD_FILES(2),
        NIGHT_FAILING_FILES(2),
        NIGHT_OUTAGE(2),
        NIGHT_PASSES_MIDNIGHT(2),
        TWO_NODES(3),
        MIDNIGHT(4),
        EIGHT_DAYS(2),
        REFRESH(2),
        REQUEUE(2),
        WAIVE(2),
        DAMAGE(2),
        VERIFY(2),
        FORGET(2),
        DUMP(2),
        RESTORE(2),
        REBUILD(1),
        REMAP(1);

        private final int weight;

        Action(int weight) {
            this.weight = weight;
        }

        /** Whether a kill at a moment means something. */
        boolean isKillable() {
            return switch (this) {
                case NIGHT, NIGHT_CODE_301, NIGHT_LOST, NIGHT_DEAD_FILES, TWO_NODES -> true;
                case WAIVE, VERIFY, FORGET, RESTORE, REBUILD, REMAP -> true;
                default -> false;
            };
        }
    }

    /**
     * A step.
     *
     * @param note index of the note that it is about
     * @param number a count, such as that of calls before code 303
     * @param moment at which the program is killed; 0 if it is not
     */
    record Step(Action action, int note, int number, int moment) {

        @Override
        public String toString() {
            return "%s(%d,%d,%d)".formatted(action, note, number, moment);
        }
    }

    /** Returns the history of a seed. */
    static History of(long seed, int length) {
        Random random = new Random(seed * 0x9E3779B97F4A7C15L); // neighbouring seeds begin alike
        List<Action> drawn = Stream.of(Action.values())
                .flatMap(action -> Stream.generate(() -> action).limit(action.weight))
                .toList();
        List<Step> steps = new ArrayList<>();
        steps.add(new Step(Action.ENQUEUE, random.nextInt(NOTES), 3, 0));
        while (steps.size() < length) {
            Action action = drawn.get(random.nextInt(drawn.size()));
            boolean isKilled = action.isKillable() && random.nextInt(5) < 2;
            int moment = 1 + random.nextInt(random.nextInt(6) == 0 ? 12 * MOMENTS : MOMENTS);
            if (!isKilled && action != Action.NIGHT_OUTAGE && action != Action.NIGHT_PASSES_MIDNIGHT) {
                moment = 0;
            }
            steps.add(new Step(action, random.nextInt(NOTES), random.nextInt(4), moment));
        }
        return new History(steps);
    }

    static History parse(String text) {
        return new History(STEP.matcher(text).results().map(History::step).toList());
    }

    private static Step step(MatchResult text) {
        return new Step(
                Action.valueOf(text.group(1)),
                Integer.parseInt(text.group(2)),
                Integer.parseInt(text.group(3)),
                Integer.parseInt(text.group(4)));
    }

    /**
     * Drops the steps without which the history still fails, beginning with halves; never the first, which enqueues.
     */
    History shrunk(Predicate<History> fails) {
        History smallest = this;
        for (int length = Math.max(1, steps.size() / 2); length > 0; length /= 2) {
            for (int end = smallest.steps.size(); end > 1; end -= length) {
                History shorter = smallest.without(Math.max(1, end - length), end);
                if (fails.test(shorter)) {
                    smallest = shorter;
                }
            }
        }
        return smallest;
    }

    private History without(int from, int to) {
        List<Step> rest = new ArrayList<>(steps);
        rest.subList(from, Math.min(to, rest.size())).clear();
        return new History(List.copyOf(rest));
    }

    @Override
    public String toString() {
        return steps.stream().map(Step::toString).collect(Collectors.joining(" "));
    }
}
