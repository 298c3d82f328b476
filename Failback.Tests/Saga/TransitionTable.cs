using System.Reflection;
using System.Text;
using MassTransit;

namespace Failback.Tests;

/// <summary>State machines as tables: what a machine declares, read from the machine itself, and how docs/state-machines.md shows it.</summary>
internal static class TransitionTable
{
    public const string NoInstance = "no instance";

    /// <summary>For each state and event that the machine declares: the states that the cell may lead to. MassTransit's Initial and Final included.</summary>
    public static IReadOnlyDictionary<(string State, string Event), IReadOnlySet<string>> Declared<T>(MassTransitStateMachine<T> machine)
        where T : class, SagaStateMachineInstance
    {
        var accept = typeof(IVisitable).GetMethod("Accept")!;
        var visitor = DispatchProxy.Create(accept.GetParameters()[0].ParameterType, typeof(Walk));
        accept.Invoke(machine, [visitor]);
        return ((Walk)visitor).Cells.ToDictionary(x => x.Key, x => (IReadOnlySet<string>)x.Value);
    }

    /// <summary>A section: rows are events, columns are states; every cell must say something.</summary>
    public static string Section(
        string title,
        string text,
        IReadOnlyList<string> states,
        IReadOnlyList<string> events,
        Func<string, string, IEnumerable<string>> cell
    )
    {
        var section = new StringBuilder($"## {title}\n\n{text}\n\n");
        section.Append($"| event | {string.Join(" | ", states)} |\n|---|{string.Concat(states.Select(_ => "---|"))}\n");
        foreach (var happened in events)
        {
            var cells = states.Select(x => string.Join("<br>", cell(x, happened).Order(StringComparer.Ordinal))).ToList();
            Assert.All(cells.Zip(states), x => Assert.True(x.First.Length > 0, $"{happened} in {x.Second} is not decided"));
            section.Append($"| {happened} | {string.Join(" | ", cells)} |\n");
        }
        return section.ToString();
    }

    /// <summary>Walks a machine: a state, then an event, then activities, of which those that move know where to.</summary>
    internal class Walk : DispatchProxy
    {
        private string _state = "";
        private string _event = "";

        public Dictionary<(string, string), HashSet<string>> Cells { get; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var visited = args![0]!;
            if (visited is State state)
                _state = state.Name;
            else if (visited is Event happened)
                _event = happened.Name;
            if (visited is Event)
                Cells.TryAdd((_state, _event), []);
            else if (visited.GetType().GetProperty("ToState")?.GetValue(visited) is State to && _event.Length > 0)
                Cells.GetValueOrDefault((_state, _event))?.Add(to.Name);
            var (wasState, wasEvent) = (_state, _event);
            (args.ElementAtOrDefault(1) as Delegate)?.DynamicInvoke(visited);
            (_state, _event) = (wasState, wasEvent);
            return null;
        }
    }
}
