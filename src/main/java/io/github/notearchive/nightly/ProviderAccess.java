package io.github.notearchive.nightly;

import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.nightly.StartDecision.Granted;
import io.github.notearchive.provider.JustOneApiClient;
import org.springframework.stereotype.Component;

/** Permits calls while a run is active and its gate is open. */
@Component
class ProviderAccess {

    private final JustOneApiClient provider;
    private final RunStopper gate;
    private final JobExecutionQueries executions;

    ProviderAccess(JustOneApiClient provider, RunStopper gate, JobExecutionQueries executions) {
        this.provider = provider;
        this.gate = gate;
        this.executions = executions;
    }

    /** Opens the gate and permits calls, unless a signal was received. */
    void open(RunState run, Granted granted) {
        gate.open();
        StartRefusal withoutCalls = granted.withoutCalls();
        if (withoutCalls != null) {
            provider.end(withoutCalls.reason());
            return;
        }
        provider.open(granted.tonight(), granted.made(), !executions.isAnotherRunActive(run.node()), gate::close);
        gate.stopReason().ifPresent(stop -> provider.end(stop.reason()));
    }

    void end() {
        provider.end("no run is active");
    }
}
