/** The tree of a filter. Every node knows its place, so that errors can point at it. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

export type Relation = '==' | '!=' | '===' | '~=' | '>' | '<' | '>=' | '<=' | 'contains' | 'matches';

/** [from, to) of a value; negative counts from its end; `to` undefined = to its end. */
export interface Slice {
  readonly from: number;
  readonly to: number | undefined;
}

export type FunctionName = 'len' | 'count' | 'lower' | 'upper';
export const FUNCTIONS: readonly FunctionName[] = ['len', 'count', 'lower', 'upper'];

export interface FieldRef extends Place {
  readonly kind: 'field';
  readonly name: string;
  readonly slices: readonly Slice[];
  /** Outermost first. */
  readonly functions: readonly FunctionName[];
}

export interface Literal extends Place {
  readonly kind: 'literal';
  readonly text: string;
  readonly quoted: boolean;
}

export interface RangeItem extends Place {
  readonly from: Literal;
  readonly to: Literal;
}

export type Node =
  | ({ readonly op: 'and' | 'or' | 'xor'; readonly left: Node; readonly right: Node } & Place)
  | ({ readonly op: 'not'; readonly of: Node } & Place)
  | ({ readonly op: 'exists'; readonly field: FieldRef } & Place)
  | ({ readonly op: 'compare'; readonly relation: Relation; readonly field: FieldRef; readonly value: Literal | FieldRef } & Place)
  | ({ readonly op: 'in'; readonly field: FieldRef; readonly items: readonly (Literal | RangeItem)[] } & Place);
