package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One line of the matrix: what goes wrong, and how the run that meets it is to end. Immutable; each method that says
 * how gives a changed copy.
 *
 * @param exitCodes how the run may end
 * @param endsWithin how long after the fault
 * @param chargedAtLeast how many notes lose one of their tries to it
 * @param chargedAtMost how many at most
 * @param meanwhile how a run ends that is started while it lasts; -1 when none is
 * @param rebuys whether an answer without its note is paid for and so is bought again
 */
record Fault(
        String name,
        Place place,
        Onset onset,
        Set<Integer> exitCodes,
        Duration endsWithin,
        int chargedAtLeast,
        int chargedAtMost,
        int meanwhile,
        boolean rebuys,
        Map<String, String> environment) {

    /** Makes it; returns what makes all well again. */
    @FunctionalInterface
    interface Onset {
        Mend setIn(TroubledNight night) throws Exception;
    }

    /** Makes all well again. */
    @FunctionalInterface
    interface Mend {
        void mend() throws Exception;
    }

    /** Trouble of a whole service: exit code 8 within a minute, and no note is charged. */
    static Fault of(String name, Onset onset) {
        return new Fault(name, Place.OUTSIDE, onset, Set.of(8), Duration.ofMinutes(1), 0, 0, -1, false, Map.of());
    }

    Stream<Fault> onBoth() {
        return Arrays.stream(Place.values()).map(this::on);
    }

    Fault on(Place other) {
        return new Fault(
                name,
                other,
                onset,
                exitCodes,
                endsWithin,
                chargedAtLeast,
                chargedAtMost,
                meanwhile,
                rebuys,
                environment);
    }

    Fault ends(Integer... codes) {
        return new Fault(
                name,
                place,
                onset,
                Set.of(codes),
                endsWithin,
                chargedAtLeast,
                chargedAtMost,
                meanwhile,
                rebuys,
                environment);
    }

    Fault within(Duration time) {
        return new Fault(
                name, place, onset, exitCodes, time, chargedAtLeast, chargedAtMost, meanwhile, rebuys, environment);
    }

    Fault charges(int atLeast, int atMost) {
        return new Fault(name, place, onset, exitCodes, endsWithin, atLeast, atMost, meanwhile, rebuys, environment);
    }

    /** A run that is started meanwhile ends like this. */
    Fault meanwhile(int exitCode) {
        return new Fault(
                name,
                place,
                onset,
                exitCodes,
                endsWithin,
                chargedAtLeast,
                chargedAtMost,
                exitCode,
                rebuys,
                environment);
    }

    Fault rebuying() {
        return new Fault(
                name, place, onset, exitCodes, endsWithin, chargedAtLeast, chargedAtMost, meanwhile, true, environment);
    }

    Fault with(String variable, String value) {
        Map<String, String> more = new HashMap<>(environment);
        more.put(variable, value);
        return new Fault(
                name,
                place,
                onset,
                exitCodes,
                endsWithin,
                chargedAtLeast,
                chargedAtMost,
                meanwhile,
                rebuys,
                Map.copyOf(more));
    }

    void assertInOrder(Ended ended) {
        assertThat(ended.exitCode()).as(ended::toString).isIn(exitCodes);
        assertThat(ended.err()).as("standard error").doesNotContain("OutOfMemoryError");
        assertSaysSo(ended);
    }

    /** In a sentence, and not in a stack trace. */
    void assertSaysSo(Ended ended) {
        if (ended.exitCode() == 8) {
            assertThat(ended.out() + ended.message())
                    .as("what is said of exit code 8")
                    .containsAnyOf("UPSTREAM_UNAVAILABLE (exit 8): ", "; run again", ", then run again");
        }
        assertThat(ended.message().lines().filter(line -> line.startsWith("\tat ")))
                .as(ended::toString)
                .isEmpty();
    }

    @Override
    public String toString() {
        return name + ", " + where() + " servers";
    }

    String where() {
        return place.name().toLowerCase(java.util.Locale.ROOT);
    }

    void assertClean(Audit audit) {
        if (rebuys) {
            assertThat(audit.boughtTwice()).hasSizeLessThanOrEqualTo(chargedAtMost);
            assertThat(audit.violations().stream()
                            .filter(finding -> !audit.boughtTwice().contains(finding))
                            .collect(Collectors.toList()))
                    .isEmpty();
        } else {
            audit.isClean(2 * Practice.WORKERS);
        }
    }
}
