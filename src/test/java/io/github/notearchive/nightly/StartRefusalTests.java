package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class StartRefusalTests {

    private static final Night TONIGHT = Night.of(Instant.parse("2026-11-25T12:00:00Z"));

    @Test
    void nothingIsRefusedWhereNothingIsInTheWay() {
        assertThat(StartRefusal.ofRebuild(false)).isEmpty();
        assertThat(StartRefusal.ofGate(Optional.empty())).isEmpty();
        assertThat(StartRefusal.ofCalls(3, new NightlyCalls(2, 2, 2), TONIGHT)).isEmpty();
        assertThat(StartRefusal.ofBytes(limits(2), (2 << 20) - 1, TONIGHT)).isEmpty();
    }

    @Test
    void limitOfNoneIsNeverUsedUp() {
        assertThat(StartRefusal.ofCalls(0, new NightlyCalls(9, 9, 9), TONIGHT)).isEmpty();
        assertThat(StartRefusal.ofBytes(limits(0), Long.MAX_VALUE, TONIGHT)).isEmpty();
    }

    @Test
    void ourOwnLimitsAreToldWithTheirEnd() {
        assertThat(StartRefusal.ofCalls(3, new NightlyCalls(3, 0, 0), TONIGHT))
                .contains(new StartRefusal(
                        ExitCode.QUOTA_EXHAUSTED,
                        "our own limit of 3 calls a night is used up; nothing more before "
                                + Night.local(TONIGHT.ends()),
                        "our own limit of 3 calls a night is used up; nothing more before "
                                + Night.local(TONIGHT.ends())));
        assertThat(StartRefusal.ofBytes(limits(2), 2 << 20, TONIGHT)
                        .orElseThrow()
                        .reason())
                .startsWith("our own limit of 2MB of media a night is used up; nothing more before ");
    }

    @Test
    void closedGateNamesTheTimeAndForce() {
        Instant met = Instant.parse("2026-11-25T11:00:00Z");
        StartRefusal refusal = StartRefusal.ofGate(
                        Optional.of(new QuotaHolds.Closed(303, "the quota", met, TONIGHT.ends(), null)))
                .orElseThrow();

        assertThat(refusal.exitCode()).isEqualTo(ExitCode.QUOTA_EXHAUSTED);
        assertThat(refusal.reason())
                .startsWith("the quota is used up since " + Night.local(met))
                .endsWith(", unless run --force overrides this")
                .isEqualTo(refusal.planReason());
    }

    private static NightlyLimitProperties limits(long megabytes) {
        return new NightlyLimitProperties(DataSize.ofMegabytes(megabytes), "", Duration.ZERO);
    }
}
