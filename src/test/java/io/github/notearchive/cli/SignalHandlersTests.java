package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A second signal aborts calls that may be billed, so only an intended one is passed on. */
class SignalHandlersTests {

    private final SignalHandlers signals = new SignalHandlers();
    private final List<String> stops = new ArrayList<>();

    /** Signals in turn; {@code =} is the start of a run. Early ones are kept. systemd ends a session with two. */
    @ParameterizedTest
    @CsvSource({
        "= SIGTERM SIGHUP, SIGTERM",
        "= SIGINT SIGHUP, SIGINT",
        "= SIGHUP SIGHUP, SIGHUP",
        "= SIGHUP SIGTERM, SIGHUP SIGTERM",
        "SIGTERM SIGHUP =, SIGTERM"
    })
    void closedTerminalIsNotASecondSignal(String steps, String passed) {
        for (String step : steps.split(" ")) {
            if (step.equals("=")) {
                signals.passTo(stops::add);
            } else {
                signals.received(step);
            }
        }

        assertThat(stops).containsExactly(passed.split(" "));
    }
}
