package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** One row of the fault matrix: the fault, and how the run that meets it must end. */
final class Fault {

    /** Causes the fault; returns what repairs it. */
    @FunctionalInterface
    interface Onset {
        Repair cause(FaultScenario night) throws Exception;
    }

    /** Repairs the fault. */
    @FunctionalInterface
    interface Repair {
        void repair() throws Exception;
    }

    private final String name;
    private final Place place;
    private final Onset onset;
    private final Map<String, String> environment = new HashMap<>();
    private Set<Integer> exitCodes = Set.of(8);
    private Duration endsWithin = Duration.ofMinutes(1);
    private int chargedAtLeast;
    private int chargedAtMost;
    private int meanwhile = -1;
    private boolean rebuys;

    private Fault(String name, Place place, Onset onset) {
        this.name = name;
        this.place = place;
        this.onset = onset;
    }

    /** Returns a fault of a whole service: exit code 8 within a minute, and no note is charged with an attempt. */
    static Fault of(String name, Onset onset) {
        return new Fault(name, Place.OUTSIDE, onset);
    }

    Stream<Fault> onBoth() {
        return Arrays.stream(Place.values()).map(this::on);
    }

    /** Returns a copy on other servers. */
    Fault on(Place other) {
        Fault copy = new Fault(name, other, onset);
        copy.environment.putAll(environment);
        copy.exitCodes = exitCodes;
        copy.endsWithin = endsWithin;
        copy.meanwhile = meanwhile;
        copy.rebuys = rebuys;
        return copy.charges(chargedAtLeast, chargedAtMost);
    }

    Fault ends(Integer... codes) {
        exitCodes = Set.of(codes);
        return this;
    }

    Fault within(Duration time) {
        endsWithin = time;
        return this;
    }

    /** Sets the number of notes that are charged with an attempt. */
    Fault charges(int atLeast, int atMost) {
        chargedAtLeast = atLeast;
        chargedAtMost = atMost;
        return this;
    }

    /** Sets the exit code of a run that is started during the fault. */
    Fault meanwhile(int exitCode) {
        meanwhile = exitCode;
        return this;
    }

    /** A response without its note is billed and bought again. */
    Fault rebuying() {
        rebuys = true;
        return this;
    }

    Fault with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    String name() {
        return name;
    }

    Place place() {
        return place;
    }

    Onset onset() {
        return onset;
    }

    Map<String, String> environment() {
        return environment;
    }

    Duration endsWithin() {
        return endsWithin;
    }

    /** Returns the exit code of a run during the fault; -1 if none is started. */
    int meanwhile() {
        return meanwhile;
    }

    void assertInOrder(Ended ended) {
        assertThat(ended.exitCode()).as(ended::toString).isIn(exitCodes);
        assertThat(ended.err()).as("standard error").doesNotContain("OutOfMemoryError");
        assertReported(ended);
    }

    /** Asserts a message without stack trace. */
    void assertReported(Ended ended) {
        if (ended.exitCode() == 8) {
            assertThat(ended.out() + ended.message())
                    .as("message of exit code 8")
                    .containsAnyOf("UPSTREAM_UNAVAILABLE (exit 8): ", "; run again", ", then run again");
        }
        assertThat(ended.message().lines().filter(line -> line.startsWith("\tat ")))
                .as(ended::toString)
                .isEmpty();
    }

    void assertCharged(long charged) {
        assertThat(charged).as("notes charged").isBetween((long) chargedAtLeast, (long) chargedAtMost);
    }

    void assertClean(Audit audit) {
        if (rebuys) {
            assertThat(audit.boughtTwice()).hasSizeLessThanOrEqualTo(chargedAtMost);
            assertThat(audit.violations()).isSubsetOf(audit.boughtTwice());
        } else {
            audit.isClean(2 * Practice.WORKERS);
        }
    }

    String where() {
        return place.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return name + ", " + where() + " servers";
    }
}
