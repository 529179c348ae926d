package io.github.notearchive.job;

import static io.github.notearchive.job.Night.assertEnded;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** A node may have a longer name than PostgreSQL shows of whoever is connected. */
@BesideArchiveJobTest
@TestPropertySource(properties = "archive.node=" + NodeNameTests.NAME)
class NodeNameTests {

    static final String NAME = "note-archive-production.eu-central-1.worker-group-blue.node-0000";

    @Autowired
    Night night;

    @Autowired
    NightPlanner planner;

    @Test
    void runOfANodeWithTheLongestNameIsSeenByAPlan() throws Exception {
        night.pending(2);
        night.provider().holdAnswers();
        CompletableFuture<RunSummary> run = night.runAside();
        night.provider().awaitHeld(2, Night.PATIENCE);

        NightPlan plan = planner.plan();

        assertThat(NAME).hasSize(64);
        assertThat(plan.obstacles()).containsExactly("a run of node " + NAME + " is active, and does this now");
        assertThat(plan.due()).as("in work").isEmpty();
        night.provider().releaseAnswers();
        assertEnded(Night.ended(run), ExitCode.COMPLETED);
    }
}
