package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Practice.Ways;
import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.io.TcpProxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/** One row of the fault matrix: the fault, and how the run that meets it must end. */
final class Fault {

    /** Causes the fault; returns what repairs it. */
    @FunctionalInterface
    interface Onset {
        Repair cause(Practice night) throws Exception;
    }

    /** Repairs the fault. */
    @FunctionalInterface
    interface Repair {
        void repair() throws Exception;
    }

    static final Repair NOTHING = () -> {};

    final String name;
    final Place place;
    final Onset onset;
    final Map<String, String> environment = new HashMap<>();
    Duration endsWithin = Duration.ofMinutes(1);

    /** Exit code of a run that is started during the fault; -1 if none is started. */
    int meanwhile = -1;

    private final Set<Integer> exitCodes;
    private int chargedAtLeast;
    private int chargedAtMost;

    private Fault(String name, Place place, Onset onset, Set<Integer> exitCodes) {
        this.name = name;
        this.place = place;
        this.onset = onset;
        this.exitCodes = exitCodes;
    }

    /**
     * Returns a fault after which a run ends with one of these exit codes within a minute; with 8 if there are none.
     */
    static Fault fault(String name, Onset onset, Integer... exitCodes) {
        return new Fault(name, Place.OUTSIDE, onset, exitCodes.length == 0 ? Set.of(8) : Set.of(exitCodes));
    }

    /** A server refuses connections, until the repair. */
    static Onset down(Function<Ways, TcpProxy> way) {
        return on(way, TcpProxy::down, TcpProxy::mend);
    }

    /** A server does not reply. */
    static Onset held(Function<Ways, TcpProxy> way) {
        return on(way, proxy -> proxy.holdRequests(TcpProxy.ANY), TcpProxy::release);
    }

    /** A server does not reply; its connections are half-open. */
    static Onset silent(Function<Ways, TcpProxy> way) {
        return on(way, proxy -> proxy.holdRequests(TcpProxy.ANY), proxy -> {
            proxy.release();
            proxy.cut();
        });
    }

    /** A server receives all bytes late. */
    static Onset late(Duration delay, Function<Ways, TcpProxy> way) {
        return on(way, proxy -> proxy.delay(delay), proxy -> proxy.delay(Duration.ZERO));
    }

    private static Onset on(Function<Ways, TcpProxy> way, Consumer<TcpProxy> onset, Consumer<TcpProxy> repair) {
        return night -> {
            onset.accept(way.apply(night.ways()));
            return () -> repair.accept(way.apply(night.ways()));
        };
    }

    /** A fault that is repaired after some time. */
    static Onset lasting(Duration time, Onset onset) {
        return night -> {
            Repair repair = onset.cause(night);
            Thread.sleep(time);
            repair.repair();
            return NOTHING;
        };
    }

    Stream<Fault> onBoth() {
        return Arrays.stream(Place.values()).map(this::on);
    }

    /** Returns a copy on other servers. */
    Fault on(Place other) {
        Fault copy = new Fault(name, other, onset, exitCodes);
        copy.environment.putAll(environment);
        copy.endsWithin = endsWithin;
        copy.meanwhile = meanwhile;
        return copy.charges(chargedAtLeast, chargedAtMost);
    }

    Fault within(int minutes) {
        endsWithin = Duration.ofMinutes(minutes);
        return this;
    }

    /** Sets the number of notes that are charged with an attempt. */
    Fault charges(int atLeast, int atMost) {
        chargedAtLeast = atLeast;
        chargedAtMost = atMost;
        return this;
    }

    Fault meanwhile(int exitCode) {
        meanwhile = exitCode;
        return this;
    }

    Fault with(String variable, String value) {
        environment.put(variable, value);
        return this;
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

    String where() {
        return place.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return name + ", " + where() + " servers";
    }
}
