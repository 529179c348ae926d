package io.github.notearchive.job;

import io.github.notearchive.job.Clearance.Granted;
import io.github.notearchive.source.JustOneApiClient;
import org.springframework.stereotype.Component;

/** Lets calls leave for as long as a run lasts and its gate is open, and at no other time. */
@Component
class ProviderAccess {

    private final JustOneApiClient provider;
    private final RunGate gate;
    private final Executions executions;

    ProviderAccess(JustOneApiClient provider, RunGate gate, Executions executions) {
        this.provider = provider;
        this.gate = gate;
        this.executions = executions;
    }

    /** Opens the gate, and the way through it, unless a signal has come already. */
    void open(ActiveRun run, Granted clearance) {
        gate.open();
        Refusal withoutCalls = clearance.withoutCalls();
        if (withoutCalls != null) {
            provider.end(withoutCalls.toRun());
            return;
        }
        provider.open(clearance.tonight(), clearance.made(), !executions.isAnotherRunActive(run.node()), gate::close);
        gate.closure().ifPresent(closure -> provider.end(closure.reason()));
    }

    void end() {
        provider.end("no run is active");
    }
}
