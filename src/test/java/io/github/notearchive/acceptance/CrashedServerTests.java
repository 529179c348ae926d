package io.github.notearchive.acceptance;

import static io.github.notearchive.acceptance.Fault.fault;
import static io.github.notearchive.acceptance.FaultCauses.crash;

import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The fault of {@link FaultMatrixTests} that all tests would meet, since they share the PostgreSQL that crashes. */
@Tag("matrix")
@Isolated("the server of all tests crashes")
@ExtendWith(OutsideServers.Running.class)
class CrashedServerTests {

    @ParameterizedTest(name = "{0}")
    @MethodSource("crashes")
    void runIsCompletedAfterTheServerRecovers(Fault fault) throws Exception {
        FaultMatrixTests.endInOrderAndFinish(fault);
    }

    static Stream<Fault> crashes() {
        return FaultMatrixTests.withShortOutage(fault("database: the server crashes and recovers", crash(), 0))
                .onBoth();
    }
}
