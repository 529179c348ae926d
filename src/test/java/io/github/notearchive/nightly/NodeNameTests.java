package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.plan.NightPlan;
import io.github.notearchive.nightly.plan.NightPlanner;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** A node may have a longer name than PostgreSQL shows of whoever is connected. */
@BesideNightlyJobTest
@TestPropertySource(properties = "archive.node=" + NodeNameTests.NAME)
class NodeNameTests {

    static final String NAME = "note-archive-production.eu-central-1.worker-group-blue.node-0000";

    @Autowired
    NightlyScenario night;

    @Autowired
    NightPlanner planner;

    @Test
    void runOfANodeWithTheLongestNameIsSeenByAPlan() throws Exception {
        night.pending(2);
        CompletableFuture<RunSummary> run = night.runUntilHeld(2);

        NightPlan plan = planner.plan();

        assertThat(NAME).hasSize(64);
        assertThat(plan.obstacles()).containsExactly("a run of node " + NAME + " is active and processes this");
        assertThat(plan.due()).as("in work").isEmpty();
        night.release(run, ExitCode.COMPLETED);
    }
}
