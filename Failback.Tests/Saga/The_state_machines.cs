using Failback.Saga;
using MassTransit;

namespace Failback.Tests;

/// <summary>docs/state-machines.md is what the machines and the pure deciders say, cell by cell.</summary>
public sealed class The_state_machines
{
    private static readonly FailbackStateMachine Failback = new();
    private static readonly MaterialCopyStateMachine MaterialCopy = new();

    public static TheoryData<string, string> FailbackCell()
    {
        var cells = new TheoryData<string, string>();
        foreach (var state in FailbackCells.States)
        foreach (var happened in FailbackCells.Events)
            cells.Add(state, happened);
        return cells;
    }

    [Fact]
    public void are_documented_as_they_are() =>
        Snapshot.Matches(
            "# State machines\n\nGenerated from the machines and their deciders (`Failback.Tests/Saga/The_state_machines.cs`); a test compares.\n"
                + "A cell lists what may come of the event in the state: the state after it (bold), and what is published.\n"
                + "*Counted* means that the event is late, early or repeated there, changes nothing, and is counted.\n\n"
                + FailbackSection()
                + "\n"
                + CopySection(),
            "docs/state-machines.md"
        );

    [Fact]
    public void every_event_is_decided_in_every_state_of_the_machine()
    {
        var declared = TransitionTable.Declared(Failback);
        Assert.Equal(FailbackCells.Events.Order(), Failback.Events.Select(x => x.Name).Where(IsOurs).Order());
        foreach (var state in FailbackCells.States.Where(x => x != FailbackStates.Initial))
        foreach (var happened in FailbackCells.Events)
            Assert.True(declared.ContainsKey((state, happened)), $"{happened} is not declared in {state}");
    }

    /// <summary>A machine that names fewer states than are decided would stay where it is; one that names more would mislead its readers.</summary>
    [Theory]
    [MemberData(nameof(FailbackCell))]
    public void the_machine_declares_exactly_the_states_that_are_decided(string state, string happened)
    {
        var declared = TransitionTable.Declared(Failback).GetValueOrDefault((state, happened));
        var decided = FailbackCells.Decisions(state, happened).Select(x => x.State.CurrentState).Where(x => x != state).ToHashSet();
        // Without an instance, what is not declared is decided by the same function and keeps nothing.
        Assert.Equal(decided.Order(), (declared ?? new HashSet<string>()).Where(x => x != state).Order());
        Assert.True(state == FailbackStates.Initial || declared is not null);
    }

    private static string FailbackSection() =>
        TransitionTable.Section(
            "Failback",
            "One per failed recorder. `Initial` means that there is none.",
            FailbackCells.States,
            FailbackCells.Events,
            FailbackCells.Outcomes
        );

    private static string CopySection()
    {
        var declared = TransitionTable.Declared(MaterialCopy);
        return TransitionTable.Section(
            "Material copy",
            "One per material copy; the row stays when it ended. Without an instance, what does not start one is refused or counted.",
            [.. MaterialCopy.States.Select(x => x.Name).Where(x => x != "Final")],
            [.. MaterialCopy.Events.Select(x => x.Name).Where(IsOurs)],
            (state, happened) =>
                declared.TryGetValue((state, happened), out var to)
                    ? to.Count == 0
                        ? ["stays"]
                        : [.. to.Select(x => x == "Final" ? "nothing is kept" : $"**{x}**")]
                    : state == "Initial"
                        ? ["refused or counted"]
                        : []
        );
    }

    /// <summary>MassTransit's own events of states are none of ours.</summary>
    private static bool IsOurs(string name) => !name.Contains('.') && !name.StartsWith("Transition", StringComparison.Ordinal);
}
