package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutageDetectorTests {

    private final AtomicLong nanos = new AtomicLong(-1);
    private final OutageDetector detector =
            new OutageDetector(new ArchiveProperties.Outage(5, Duration.ofMinutes(10)), nanos::get);

    /**
     * Events are f: fault, s: throttled, w: success, or a number of minutes that pass. None but the last may be an
     * outage.
     */
    @ParameterizedTest
    @CsvSource({
        "f f f f f,                 true,  5",
        "f f f f,                   false, 4",
        "f f f f w f f f f,         false, 4",
        "f f w,                     false, 0",
        "s 5 f 5 s,                 true,  1",
        "s 300 f,                   false, 1",
        "s s s s s s s s s s 9.99 s, false, 0",
        "s s s s s s s s s s 10 s,  true,  0",
        "s s 11 w s s s,            false, 0"
    })
    void outageIsANumberOfFaultsOrAPeriodWithoutSuccess(String events, boolean isOutage, int faults) {
        boolean last = false;
        for (String event : events.split(" ")) {
            assertThat(last).as("before %s of %s", event, events).isFalse();
            last = happens(event);
        }

        assertThat(last).isEqualTo(isOutage);
        assertThat(detector.faults()).isEqualTo(faults);
    }

    private boolean happens(String event) {
        switch (event) {
            case "f" -> {
                return detector.fails();
            }
            case "s" -> {
                return detector.struggles();
            }
            case "w" -> detector.works();
            default -> nanos.addAndGet((long) (Double.parseDouble(event) * 60e9));
        }
        return false;
    }
}
