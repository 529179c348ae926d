package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What an operator asks before a run, as scripts read it. */
@ExtendWith(OutsideServers.Running.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BeforeTheNightTests {

    private Practice practice;

    @BeforeAll
    void begin() {
        practice = Practice.begin(Place.OUTSIDE);
    }

    @AfterAll
    void end() {
        practice.close();
    }

    @Test
    void checkAndPlanAreJsonAndEndWithTheirCodes() {
        practice.environment().put("ARCHIVE_CALLS_PER_NIGHT", "50");
        practice.enqueue(3);
        Ended plan = practice.call("plan", "--json");
        practice.environment().put("JUSTONEAPI_BASE_URL", "http://127.0.0.1:1");
        Ended check = practice.call("check", "--json");

        JsonNode planned = JsonMapper.shared().readTree(plan.with(0).out());
        assertThat(planned.at("/due/0/kind").stringValue()).isEqualTo("NEW");
        assertThat(planned.at("/due/0/calls").intValue()).isEqualTo(3);
        assertThat(planned.at("/calls/tonight").intValue()).isEqualTo(3);
        assertThat(planned.at("/limits/0/left").intValue()).isEqualTo(50);
        assertThat(planned.at("/backlog/lastNight")).isEqualTo(planned.at("/night"));

        JsonNode checked = JsonMapper.shared().readTree(check.with(8).out());
        assertThat(checked.at("/exitCode").intValue()).isEqualTo(8);
        assertThat(checked.at("/checks").valueStream())
                .filteredOn(one -> one.path("result").stringValue().equals("FAILED"))
                .singleElement()
                .satisfies(one -> {
                    assertThat(one.path("name").stringValue()).isEqualTo("provider");
                    assertThat(one.path("message").stringValue()).contains("127.0.0.1:1", "JUSTONEAPI_BASE_URL");
                });
        assertThat(practice.provider().calls()).isZero();
    }
}
